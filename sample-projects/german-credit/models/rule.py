"""A model that is code: points for what a loan officer would look at."""

import numpy as np


class Rule:
    """Asked like an estimator of scikit-learn."""

    classes_ = np.array(["bad", "good"])
    feature_names_in_ = np.array(["checking_status", "duration_months", "savings"])

    def predict_proba(self, rows):
        points = 1.5 - np.asarray(rows["duration_months"], dtype=float) / 20
        points = points + np.where(np.asarray(rows["checking_status"]) == "no account", 1.2, 0.0)
        points = points + np.where(np.asarray(rows["savings"]) == "1000 or more", 0.6, 0.0)
        good = 1 / (1 + np.exp(-points))
        return np.column_stack([1 - good, good])
