"""A call of each public name, on data and networks that draw from the global generators."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from global_draws import COUNTS, DRAWING, HEAD, Noisy, X, Y, own
from imbtorch import (
    data,
    lightning,
    losses,
    metrics,
    models,
    resampling,
    samplers,
    sklearn,
    training,
    transforms,
)

FEW = {"steps": 1, "width": 2, "latent_size": 2}
ROWS, LABELS = X.numpy(), Y.numpy()
IMAGES, RNG = X.view(39, 1, 2, 2), torch.Generator().manual_seed(0)
IMAGES_8 = torch.zeros(39, 1, 2, 2, dtype=torch.uint8)
UNIT = nn.functional.normalize(torch.linspace(-1, 2, 39 * 16).view(39, 16))
LOGITS = torch.zeros(39, 2)
TREE = {
    "feature": [0, 0, 0],
    "left": [1, 1, 2],
    "right": [2, 1, 2],
    "threshold": [0.5, 0.0, 0.0],
    "value": [0.0, -4.0, 4.0],
}


def stored(path):
    training.save_checkpoint(path, models.build_model("mlp", (4,), 2))
    return training.load_checkpoint(path)


def eos_callback():
    module = nn.Module()
    module.network, module.device = own(), torch.device("cpu")
    lightning.EOSCallback(resampling.EOS(5), epochs=1, train=Noisy()).on_train_end(None, module)


def m2m_callback():
    module = nn.Module()
    module.network, module.device = own(), torch.device("cpu")
    callback = lightning.M2mCallback(transforms.M2m(HEAD, COUNTS, beta=0.0, gamma=0.0))
    callback.on_train_start(None, module)
    callback.on_train_batch_start(SimpleNamespace(current_epoch=0), module, [X, Y], 0)


def loss(made):
    return lambda: made()(LOGITS, Y)


def over_sampler(made):
    return lambda: made().fit_resample(ROWS, LABELS)


def network(made):
    return lambda: made((3, 8, 8), 2)


def phase(*phases):
    recipe = training.Recipe("one", [training.Train(1), *phases])
    return lambda: training.fit(recipe, own(), Noisy(), Noisy())


def in_ascent():
    with training.ascended(HEAD):
        pass


CALLS = {
    "data.ArrayDataset": lambda: data.ArrayDataset(X, Y),
    "data.LoadedData": lambda: data.load_data("digits").counts,
    "data.Profile": lambda: data.Profile("exp", 10),
    "data.augment_by_name": lambda: data.augment_by_name("crop+trivial+erase")(IMAGES_8, RNG),
    "data.auto_augment": lambda: data.auto_augment(IMAGES_8, RNG),
    "data.class_counts": lambda: data.class_counts(Noisy()),
    "data.crop_flip": lambda: data.crop_flip(IMAGES, RNG),
    "data.cutout": lambda: data.cutout(IMAGES_8, RNG),
    "data.exponential_counts": lambda: data.exponential_counts(30, 2, 3),
    "data.gaussian_reduction": lambda: data.gaussian_reduction(COUNTS, 0.2),
    "data.labels_of": lambda: data.labels_of(Noisy()),
    "data.linear_counts": lambda: data.linear_counts(30, 2, 3),
    "data.load_data": lambda: data.load_data("digits", profile="exponential"),
    "data.make_imbalanced": lambda: data.make_imbalanced(LABELS, [5, 5]),
    "data.minority_classes": lambda: data.minority_classes(COUNTS),
    "data.rand_augment": lambda: data.rand_augment(IMAGES_8, RNG),
    "data.random_crop": lambda: data.random_crop(IMAGES, RNG),
    "data.random_erasing": lambda: data.random_erasing(IMAGES_8, RNG),
    "data.random_flip": lambda: data.random_flip(IMAGES, RNG),
    "data.random_reduction": lambda: data.random_reduction(COUNTS, 0.5, 1),
    "data.shot_groups": lambda: data.shot_groups(COUNTS),
    "data.step_counts": lambda: data.step_counts(30, 2, 3),
    "data.trivial_augment": lambda: data.trivial_augment(IMAGES_8, RNG),
    "samplers.ClassBalancedSampler": lambda: list(samplers.ClassBalancedSampler(Noisy())),
    "losses.AsymmetricLoss": loss(losses.AsymmetricLoss),
    "losses.BalancedSoftmaxLoss": loss(lambda: losses.BalancedSoftmaxLoss(COUNTS)),
    "losses.CDTLoss": loss(lambda: losses.CDTLoss(COUNTS)),
    "losses.DBMLoss": loss(lambda: losses.DBMLoss(COUNTS)),
    "losses.FocalLoss": loss(losses.FocalLoss),
    "losses.LDAMLoss": loss(lambda: losses.LDAMLoss(COUNTS)),
    "losses.LogitAdjustedLoss": loss(lambda: losses.LogitAdjustedLoss(COUNTS)),
    "losses.MicroClusterLoss": lambda: losses.MicroClusterLoss()(
        X[:2], Y[:2], HEAD, X[:4].view(2, 2, 4), torch.full((2, 2), 0.5)
    ),
    "losses.MultiLabelAsymmetricLoss": lambda: losses.MultiLabelAsymmetricLoss()(LOGITS, LOGITS),
    "losses.ProCo": lambda: losses.ProCo(COUNTS, 4, views=0)(X, Y),
    "losses.QuintupletLoss": lambda: losses.QuintupletLoss()(X, Y, 2 * Y),
    "losses.effective_number_weights": lambda: losses.effective_number_weights(COUNTS),
    "losses.inverse_frequency_weights": lambda: losses.inverse_frequency_weights(COUNTS),
    "losses.ldam_margins": lambda: losses.ldam_margins(COUNTS),
    "losses.proco_loss": lambda: losses.proco_loss(
        UNIT, Y, UNIT[:2], torch.ones(2), torch.full((2,), 0.5)
    ),
    "transforms.AOS": lambda: transforms.AOS(COUNTS, p=1.0)(X, Y, DRAWING),
    "transforms.CutMix": lambda: transforms.CutMix((IMAGES, Y), 2, p=1.0)(IMAGES, Y, HEAD),
    "transforms.M2m": lambda: transforms.M2m(
        HEAD, COUNTS, beta=0.0, gamma=0.0, seeds_per_class=3, train=Noisy()
    )(X, Y, DRAWING),
    "transforms.Mixup": lambda: transforms.Mixup(2)(X, Y, HEAD),
    "transforms.Remix": lambda: transforms.Remix(COUNTS)(X, Y, HEAD),
    "transforms.acceptance_matrix": lambda: transforms.acceptance_matrix(COUNTS, 0.9),
    "transforms.adversarial": lambda: transforms.adversarial(X, Y, DRAWING, 0.1),
    "transforms.translate": lambda: transforms.translate(
        X, Y, 1 - Y, DRAWING, HEAD, lam=0.1, steps=1, step_size=0.1, noise=0.1
    ),
    "resampling.BAGAN": over_sampler(partial(resampling.BAGAN, **FEW)),
    "resampling.CGAN": over_sampler(partial(resampling.CGAN, **FEW)),
    "resampling.DeepSMOTE": over_sampler(partial(resampling.DeepSMOTE, **FEW)),
    "resampling.GAMO": over_sampler(partial(resampling.GAMO, **FEW)),
    "resampling.EOS": over_sampler(resampling.EOS),
    "resampling.SMOTE": over_sampler(resampling.SMOTE),
    "resampling.SVMSMOTE": over_sampler(resampling.SVMSMOTE),
    "resampling.BalancedSVM": over_sampler(resampling.BalancedSVM),
    "resampling.BorderlineSMOTE": over_sampler(resampling.BorderlineSMOTE),
    "resampling.Neighbors": lambda: resampling.Neighbors(3).fit(ROWS).kneighbors(ROWS),
    "resampling.draw_weights": lambda: resampling.draw_weights(torch.ones(3, 2).bool(), RNG),
    "resampling.overload": lambda: resampling.overload(X, Y, [2, 2]),
    "models.Classifier": lambda: models.Classifier(nn.Identity(), HEAD)(X),
    "models.CosineHead": lambda: models.CosineHead(4, 2),
    "models.NeighborHead": lambda: models.NeighborHead(X, Y, 2)(X),
    "models.TreeHead": lambda: models.TreeHead(
        4,
        2,
        baseline=torch.zeros(1),
        roots=torch.tensor([0]),
        **{name: torch.tensor(at) for name, at in TREE.items()},
    )(X),
    "models.build_model": lambda: models.build_model("mlp", (4,), 2, train=Noisy(), head="cosine"),
    "models.densenet": network(models.densenet),
    "models.embed": lambda: models.embed(own(), Noisy()),
    "models.find_head": lambda: models.find_head(ONE),
    "models.join_head": lambda: models.join_head(models.split_head(ONE, "0"), "0"),
    "models.linear": network(models.linear),
    "models.mlp": network(models.mlp),
    "models.predict_logits": lambda: models.predict_logits(DRAWING, Noisy()),
    "models.resnet32": network(models.resnet32),
    "models.resnet32_m2m": network(models.resnet32_m2m),
    "models.resnet56": network(models.resnet56),
    "models.single_logit_head": lambda: models.single_logit_head(HEAD),
    "models.small_cnn": network(models.small_cnn),
    "models.split_head": lambda: models.split_head(ONE, "0"),
    "models.two_class_logits": lambda: models.two_class_logits(X[:, 0]),
    "models.two_logit_head": lambda: models.two_logit_head(ONE[0]),
    "models.wide_cnn": network(models.wide_cnn),
    "models.wide_resnet": network(models.wide_resnet),
    "metrics.Decision": lambda: metrics.Decision(2.0).calibrated(np.eye(2)),
    "metrics.choose_decision": lambda: metrics.choose_decision(
        LABELS, np.eye(2)[LABELS], maximize="f1"
    ),
    "metrics.expected_cost": lambda: metrics.expected_cost(LABELS, LABELS, 1 - np.eye(2)),
    "metrics.fit_temperature": lambda: metrics.fit_temperature(LABELS, np.eye(2)[LABELS]),
    "metrics.Gap": lambda: metrics.Gap(np.zeros(2), 0.0),
    "metrics.class_weight_norms": lambda: metrics.class_weight_norms(HEAD),
    "metrics.classification_metrics": lambda: metrics.classification_metrics(
        LABELS, LABELS, COUNTS, np.eye(2)[LABELS]
    ),
    "metrics.correct_prior": lambda: metrics.correct_prior(np.eye(2), [0.5, 0.5], [0.9, 0.1]),
    "metrics.cumulative_false_positives": lambda: metrics.cumulative_false_positives(
        LABELS, LABELS, COUNTS
    ),
    "metrics.evaluate": lambda: metrics.evaluate(own(), Noisy(), COUNTS),
    "metrics.expected_calibration_error": lambda: metrics.expected_calibration_error(
        LABELS, np.eye(2)[LABELS]
    ),
    "metrics.generalization_gap": lambda: metrics.generalization_gap(ROWS, LABELS, ROWS, LABELS),
    "metrics.true_false_gaps": lambda: metrics.true_false_gaps(
        ROWS, LABELS, ROWS, LABELS, 1 - LABELS
    ),
    "training.AdjustLogits": phase(training.AdjustLogits()),
    "training.DeepOversample": phase(training.DeepOversample(1)),
    "training.FitResult": phase(),
    "training.LocalEmbedding": phase(training.LocalEmbedding(1), training.NearestHead()),
    "training.LogisticHead": phase(training.LogisticHead()),
    "training.LogisticOnInputs": phase(training.LogisticOnInputs()),
    "training.NearestHead": phase(training.NearestHead()),
    "training.Phase": lambda: training.Train(1).describe(),
    "training.Pretrained": lambda: training.Pretrained(HEAD)(),
    "training.Recipe": lambda: training.Recipe("r", [training.Train(1)]).class_shares(COUNTS),
    "training.RefitHead": phase(training.RefitHead(1, resample=resampling.SVMSMOTE)),
    "training.SAM": phase(training.Train(1, step=training.SAM)),
    "training.ImbSAM": phase(training.Train(1, step=training.ImbSAM)),
    "training.Setup": lambda: training.Setup().rate(0.5),
    "training.TauNormalize": phase(training.TauNormalize()),
    "training.Train": phase(training.Train(1, batch=transforms.M2m)),
    "training.TreesOnInputs": phase(training.TreesOnInputs()),
    "training.TripletEmbedding": phase(training.TripletEmbedding(1), training.NearestHead()),
    "training.ascended": in_ascent,
    "training.adjust_logits": lambda: training.adjust_logits(HEAD, COUNTS),
    "training.fit": lambda: training.fit("ldam+drw+eos:k=5", own(), Noisy(), Noisy(), epochs=2),
    "training.make_recipe": lambda: training.make_recipe("m2m"),
    "training.tau_normalize": lambda: training.tau_normalize(HEAD),
    "training.train_pretrained": lambda: training.train_pretrained(own(), Noisy(), 1),
    "sklearn.EmbeddingHead": lambda: sklearn.EmbeddingHead("svm-smote", epochs=1).fit(ROWS, LABELS),
    "sklearn.ImbalancedClassifier": lambda: (
        sklearn.ImbalancedClassifier("smote", epochs=1).fit(ROWS, LABELS).predict(ROWS)
    ),
    "lightning.EOSCallback": eos_callback,
    "lightning.M2mCallback": m2m_callback,
}
ON_DISK = {
    "training.Snapshots": lambda path: training.fit(
        "drs", own(), Noisy(), epochs=5, snapshots=training.Snapshots(path)
    ),
    "training.load_checkpoint": lambda path: stored(path / "model.safetensors"),
    "training.save_checkpoint": lambda path: stored(path / "model.safetensors"),
}
ONE = nn.Sequential(nn.Linear(4, 1))
