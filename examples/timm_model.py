"""A network in timm's form, split into features and head and trained by a recipe."""

import torch
from digits import long_tailed_digits
from sklearn.metrics import recall_score
from torch import nn

from imbtorch import Setup, fit, join_head, split_head


class ConvNet(nn.Module):
    """What timm.create_model returns has these four names too, whatever the network."""

    def __init__(self, num_classes=10):
        super().__init__()
        self.num_features = 64
        self.stem = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.stage = nn.Sequential(nn.Conv2d(32, 64, 3, 2, 1), nn.BatchNorm2d(64), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(self.num_features, num_classes)

    def get_classifier(self):
        return self.fc

    def forward_features(self, x):
        return self.stage(self.stem(x))

    def forward_head(self, x, pre_logits=False):
        x = self.pool(x).flatten(1)
        return x if pre_logits else self.fc(x)

    def forward(self, x):
        return self.forward_head(self.forward_features(x))


def main(epochs=30):
    x, y, test_x, test_y = long_tailed_digits()
    x, test_x = x.view(-1, 1, 8, 8), test_x.view(-1, 1, 8, 8)
    torch.manual_seed(0)
    network = ConvNet()  # or timm.create_model("resnet18", num_classes=10, in_chans=1)
    head = next(name for name, m in network.named_modules() if m is network.get_classifier())
    setup = Setup(batch_size=32, lr=0.05)
    result = fit("balanced-softmax", split_head(network, head), (x, y), epochs=epochs, setup=setup)
    network = join_head(result.model, head)  # again a ConvNet, trained
    recall = recall_score(test_y, network(test_x).argmax(1), average=None)
    print("recall of each class:", recall.round(2), "mean:", recall.mean().round(3))
    return recall


if __name__ == "__main__":
    main()
