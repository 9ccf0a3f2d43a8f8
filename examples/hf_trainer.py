"""Hugging Face Trainer: a balanced loss, or a class-balanced sampler. Both correct the imbalance;
together they would do so twice."""

import tempfile

import torch
from digits import long_tailed_digits
from sklearn.metrics import recall_score
from transformers import Trainer, TrainingArguments, ViTConfig, ViTForImageClassification

from imbtorch.losses import BalancedSoftmaxLoss
from imbtorch.samplers import ClassBalancedSampler


def images(x, y):
    return [{"pixel_values": a.view(1, 8, 8), "labels": b} for a, b in zip(x, y, strict=True)]


def balanced_loss(class_counts):
    criterion = BalancedSoftmaxLoss(class_counts)

    def loss(outputs, labels, num_items_in_batch=None):
        mean = criterion(outputs.logits, labels)  # a batch may be accumulated in several parts
        return mean * len(labels) / (num_items_in_batch or len(labels))

    return loss


class BalancedTrainer(Trainer):
    def _get_train_sampler(self, train_dataset=None):
        labels = [int(row["labels"]) for row in train_dataset or self.train_dataset]
        # one replica: Accelerate shares the batches out itself
        return ClassBalancedSampler(labels, seed=self.args.seed, num_replicas=1, rank=0)


def run(trainer_class, epochs, compute_loss_func=None):
    x, y, test_x, test_y = long_tailed_digits()
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    shape = {"image_size": 8, "patch_size": 2, "num_channels": 1, "num_labels": 10}
    torch.manual_seed(0)
    network = ViTForImageClassification(ViTConfig(intermediate_size=128, **sizes, **shape))
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=epochs,
            per_device_train_batch_size=32,
            learning_rate=1e-3,
            save_strategy="no",
            report_to="none",
        )
        trainer = trainer_class(
            network, arguments, train_dataset=images(x, y), compute_loss_func=compute_loss_func
        )
        trainer.train()
        predicted = trainer.predict(images(test_x, test_y)).predictions.argmax(1)
    return recall_score(test_y, predicted, average=None)


def main(epochs=30):
    counts = torch.bincount(long_tailed_digits()[1]).tolist()
    recalls = {
        "plain": run(Trainer, epochs),
        "loss": run(Trainer, epochs, balanced_loss(counts)),
        "sampler": run(BalancedTrainer, epochs),
    }
    for name, recall in recalls.items():
        print(name, "recall of each class:", recall.round(2), "mean:", recall.mean().round(3))
    return recalls


if __name__ == "__main__":
    main()
