"""Class-balanced batches, later with frequent samples translated into rare ones."""

import plain
import torch
from digits import long_tailed_digits
from sklearn.metrics import recall_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from imbtorch.samplers import ClassBalancedSampler
from imbtorch.transforms import M2m


def train(x, y, epochs):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    pretrained = plain.train(x, y, epochs)
    m2m = M2m(pretrained, torch.bincount(y).tolist(), beta=0.9, input_range=(0, 1))
    train_set = TensorDataset(x, y)
    sampler = ClassBalancedSampler(y)
    loader = DataLoader(train_set, batch_size=32, sampler=sampler)
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        for x, y in loader:
            x, y = m2m(x, y, network) if epoch >= 0.8 * epochs else (x, y)
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
