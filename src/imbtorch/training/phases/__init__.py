"""Phases: the stages that a recipe consists of."""

from functools import partial

from imbtorch.method import Method
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training.phases.adjust_logits import AdjustLogits, adjust_logits
from imbtorch.training.phases.classical_heads import LogisticHead, NearestHead
from imbtorch.training.phases.cmo import cmo_phases
from imbtorch.training.phases.deep_oversample import DeepOversample
from imbtorch.training.phases.metric_learning import LocalEmbedding, TripletEmbedding
from imbtorch.training.phases.on_inputs import LogisticOnInputs, TreesOnInputs, alone
from imbtorch.training.phases.phase import Phase
from imbtorch.training.phases.refit_head import RefitHead
from imbtorch.training.phases.rounds import embedding_only, in_rounds
from imbtorch.training.phases.tau_norm import TauNormalize, tau_normalize
from imbtorch.training.phases.train import Train
from imbtorch.transforms import CutMix

__all__ = [
    "AdjustLogits",
    "DeepOversample",
    "LocalEmbedding",
    "LogisticHead",
    "LogisticOnInputs",
    "NearestHead",
    "Phase",
    "RefitHead",
    "TauNormalize",
    "Train",
    "TreesOnInputs",
    "TripletEmbedding",
    "adjust_logits",
    "tau_normalize",
]

NEAREST = partial(NearestHead, n_neighbors=20)

METHODS = (
    Method("erm", "baseline", "plain training", paper="baseline of all five papers"),
    Method(
        "dos",
        "embedding",
        "embeddings pulled toward weighted means of neighbors of the same class, in rounds",
        slots={"phase": DeepOversample},
        phases=in_rounds,
        candidates={"k_minority": (3, 5, 10), "alpha": (0.3, 1.0, 3.0)},
        paper="DOS (Ando and Huang, ECML 2017)",
        cost="a neighbor search per round; epochs up to K times as long",
        page="dos",
    ),
    Method(
        "lmle",
        "embedding",
        "large-margin local embedding in rounds, then nearest neighbors",
        slots={"phase": LocalEmbedding, "then": NEAREST},
        phases=in_rounds,
        paper="Huang et al., CVPR 2016",
        cost="k-means in each round",
        page="metric-learning",
    ),
    Method(
        "triplet",
        "embedding",
        "embeddings from triplets with balanced batches and costs, then nearest neighbors",
        slots={"phase": TripletEmbedding, "then": NEAREST},
        phases=embedding_only,
        paper="TL-RS-CSL in DOS (Ando and Huang, ECML 2017), Table 5",
        page="metric-learning",
    ),
    Method(
        "cmo",
        "transform",
        "cutmix with partners of the tail, but for the first four and the last three epochs",
        slots={"batch": CutMix},
        phases=cmo_phases,
        paper="CMO (Park et al., CVPR 2022)",
        cost="the partners' augmentation, for half of the batches",
        page="cutmix",
    ),
    Method(
        "crt",
        "head",
        "a new head, trained with class-balanced sampling",
        slots={"sampler": ClassBalancedSampler},
        paper="Kang et al., ICLR 2020",
        cost="minutes, for the head only",
        page="heads",
    ),
    Method(
        "tau-norm",
        "head",
        "the head's class weight vectors scaled to equal length",
        slots={"phase": TauNormalize},
        paper="Kang et al., ICLR 2020",
        page="heads",
    ),
    Method(
        "post-hoc",
        "head",
        "the log of the class priors taken out of the trained head's logits",
        slots={"phase": AdjustLogits},
        candidates={"tau": (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)},
        paper="Menon et al., ICLR 2021",
        page="logit-adjustment",
    ),
    Method(
        "lr",
        "head",
        "logistic regression on the embeddings",
        slots={"phase": LogisticHead},
        paper="DOS (Ando and Huang, ECML 2017), section 4.2",
        cost="minutes, for the head only",
        page="heads",
    ),
    Method(
        "knn",
        "head",
        "nearest neighbors on the embeddings",
        slots={"phase": NearestHead},
        paper="DOS (Ando and Huang, ECML 2017), section 4.2",
        page="heads",
    ),
    Method(
        "hgb",
        "classical",
        "gradient-boosted trees with class weights, on rows of numbers",
        slots={"phase": TreesOnInputs},
        phases=alone,
        paper="Ke et al., NeurIPS 2017; scikit-learn's HistGradientBoostingClassifier",
        cost="no network is trained",
        page="heads",
    ),
    Method(
        "logistic",
        "classical",
        "logistic regression with class weights, on rows of numbers",
        slots={"phase": LogisticOnInputs},
        phases=alone,
        paper="King and Zeng, Political Analysis 2001; scikit-learn's LogisticRegression",
        cost="no network is trained",
        page="heads",
    ),
)
"""This room's rows of the catalog."""
