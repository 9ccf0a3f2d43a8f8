"""Choosing the best epoch on the test set: the choice fits its noise."""

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

from imbtorch import Setup, build_model, fit, load_data
from imbtorch.models import predict_logits

data = load_data("digits", ratio=40)
setup = Setup(batch_size=64, lr=0.1, milestones=())
chosen, honest, last = [], [], []
for seed in range(3):
    model = build_model("mlp", data.shape, len(data.classes), train=data.train, seed=seed)
    predicted = []

    def keep(row, model=model, predicted=predicted):
        logits, truth = predict_logits(model, data.test)
        predicted.append((logits.argmax(1).cpu().numpy(), truth.cpu().numpy()))

    fit("rs", model, data.train, epochs=60, setup=setup, seed=seed, on_epoch=keep)
    guesses, y = np.stack([guess for guess, _ in predicted]), predicted[0][1]
    for split in range(100):  # half of the test set chooses, the other half tells the truth
        a, b = train_test_split(np.arange(len(y)), test_size=0.5, stratify=y, random_state=split)
        on_a = [balanced_accuracy_score(y[a], guess[a]) for guess in guesses]
        best = int(np.argmax(on_a))
        chosen.append(on_a[best])
        honest.append(balanced_accuracy_score(y[b], guesses[best][b]))
        last.append(balanced_accuracy_score(y[b], guesses[-1][b]))
print("balanced accuracy, mean of 3 seeds and 100 splits | percent")
print("---|---")
print(f"best epoch, on the half that chose it | {100 * np.mean(chosen):.1f}")
print(f"the same epoch, on the other half | {100 * np.mean(honest):.1f}")
print(f"last epoch, on the other half | {100 * np.mean(last):.1f}")
