"""Over-sampled rare samples moved along the loss."""

import torch
from digits import long_tailed_digits
from imblearn.over_sampling import RandomOverSampler
from sklearn.metrics import recall_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from imbtorch.transforms import AOS


def train(x, y, epochs):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    aos = AOS(torch.bincount(y).tolist(), epsilon=0.1, input_range=(0, 1))
    x, y = map(torch.as_tensor, RandomOverSampler(random_state=0).fit_resample(x, y))
    train_set = TensorDataset(x, y)
    loader = DataLoader(train_set, batch_size=32, shuffle=True)
    for epoch in range(epochs):
        for x, y in loader:
            x, y = aos(x, y, network)
            loss = criterion(network(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss:.3f}")
    return network


def main(epochs=30):
    x, y, test_x, test_y = long_tailed_digits()
    network = train(x, y, epochs)
    recall = recall_score(test_y, network(test_x).argmax(1), average=None)
    print("recall of each class:", recall.round(2), "mean:", recall.mean().round(3))
    return recall


if __name__ == "__main__":
    main()
