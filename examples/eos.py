"""After training, a new head on embeddings over-sampled towards their nearest enemies."""

import torch
from digits import long_tailed_digits
from sklearn.metrics import recall_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from imbtorch import split_head
from imbtorch.models import embed
from imbtorch.resampling import EOS
from imbtorch.sklearn import EmbeddingHead


def train(x, y, epochs):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    train_set = TensorDataset(x, y)
    loader = DataLoader(train_set, batch_size=32, shuffle=True)
    for epoch in range(epochs):
        for x, y in loader:
            loss = criterion(network(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss:.3f}")
    embeddings, labels = embed(split_head(network, "2"), train_set)
    head = EmbeddingHead(EOS(n_neighbors=50, random_state=0), random_state=0)
    network[2] = head.fit(embeddings, labels).head_
    return network


def main(epochs=30):
    x, y, test_x, test_y = long_tailed_digits()
    network = train(x, y, epochs)
    recall = recall_score(test_y, network(test_x).argmax(1), average=None)
    print("recall of each class:", recall.round(2), "mean:", recall.mean().round(3))
    return recall


if __name__ == "__main__":
    main()
