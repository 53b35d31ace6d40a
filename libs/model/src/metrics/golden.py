"""Prints the golden values of metrics.test.ts. Needs scikit-learn; values in the test come from the version printed."""

import math

import numpy as np
import sklearn
from sklearn import metrics as m

ROWS = 60


def noise(i, k):
    """In [0, 1): the fractional part of a sine, rounded to 1/64 so that scores tie and are exact in float32."""
    x = math.sin(12.9898 * (i + 1) + 78.233 * (k + 1)) * 437.5453
    return math.floor((x - math.floor(x)) * 64) / 64


def show(name, **values):
    print(name, {key.replace("_", "-"): round(float(value), 9) for key, value in values.items()})


print("scikit-learn", sklearn.__version__)

# binary: label 1 in about a third, score pulled towards it; every 7th label is missing
label = np.array([1.0 if noise(i, 0) < 0.35 else 0.0 for i in range(ROWS)])
score = np.array([(noise(i, 1) + label[i] * 0.5) / 1.5 for i in range(ROWS)], dtype=np.float32)
known = np.array([i % 7 != 3 for i in range(ROWS)])
y, p = label[known], score[known]
show("binary", accuracy=m.accuracy_score(y, p > 0.5), balanced_accuracy=m.balanced_accuracy_score(y, p > 0.5),
     macro_f1=m.f1_score(y, p > 0.5, average="macro"), auroc=m.roc_auc_score(y, p),
     auprc=m.average_precision_score(y, p), log_loss=m.log_loss(y, p))

# classify: K classes; the last one occurs in no row where `absent`
def classify(name, classes, absent=False):
    true = np.array([math.floor(noise(i, 2) * (classes - absent)) for i in range(ROWS)])
    raw = np.array([[noise(i, 3 + k) + 0.125 + (0.25 if true[i] == k else 0) for k in range(classes)] for i in range(ROWS)])
    prob = (raw / raw.sum(1, keepdims=True)).astype(np.float32)
    y, p = true[known], prob[known]
    present = [k for k in range(classes) if (y == k).any()]
    rank = lambda f: f(y == 1, p[:, 1]) if classes == 2 else np.mean([f(y == k, p[:, k]) for k in present])
    show(name, accuracy=m.accuracy_score(y, p.argmax(1)), balanced_accuracy=np.mean(m.recall_score(y, p.argmax(1), labels=present, average=None)),
         macro_f1=m.f1_score(y, p.argmax(1), average="macro"), auroc=rank(m.roc_auc_score), auprc=rank(m.average_precision_score),
         log_loss=m.log_loss(y, p, labels=list(range(classes))))
    if classes > 2 and not absent:
        q = p.astype(np.float64)
        print("  roc_auc_score itself:", m.roc_auc_score(y, q / q.sum(1, keepdims=True), multi_class="ovr", average="macro"))


classify("classify-2", 2)
classify("classify-4", 4)
classify("classify-4-absent", 4, absent=True)

# multilabel: three labels, each missing elsewhere; the last one is always 0
label = np.array([[1.0 if k < 2 and noise(i, 7 + k) < 0.4 else 0.0 for k in range(3)] for i in range(ROWS)])
score = np.array([[noise(i, 10 + k) * 0.75 + label[i, k] * 0.25 for k in range(3)] for i in range(ROWS)], dtype=np.float32)
known = np.array([[(i + k) % 5 != 0 for k in range(3)] for i in range(ROWS)])
cols = [(label[known[:, k], k], score[known[:, k], k]) for k in range(3)]
flat_y, flat_p = np.concatenate([c[0] for c in cols]), np.concatenate([c[1] for c in cols])
show("multilabel", accuracy=m.accuracy_score(flat_y, flat_p > 0.5), balanced_accuracy=np.mean([m.recall_score(y, p > 0.5, labels=np.unique(y), average="macro") for y, p in cols]),
     macro_f1=np.mean([m.f1_score(y, p > 0.5) for y, p in cols]), auroc=np.mean([m.roc_auc_score(y, p) for y, p in cols[:2]]),
     auprc=np.mean([m.average_precision_score(y, p) for y, p in cols[:2]]), log_loss=m.log_loss(flat_y, flat_p))

# regress: two outputs, the second missing in every 4th row
true = np.array([[noise(i, 13) * 8 - 4, noise(i, 14) * 2] for i in range(ROWS)])
guess = np.array([[true[i, k] + noise(i, 15 + k) - 0.25 for k in range(2)] for i in range(ROWS)])
known = np.array([[True, i % 4 != 0] for i in range(ROWS)])
cols = [(true[known[:, k], k], guess[known[:, k], k]) for k in range(2)]
flat_y, flat_p = np.concatenate([c[0] for c in cols]), np.concatenate([c[1] for c in cols])
show("regress", rmse=m.root_mean_squared_error(flat_y, flat_p), mae=m.mean_absolute_error(flat_y, flat_p), r2=np.mean([m.r2_score(y, p) for y, p in cols]))
