"""The estimators keep scikit-learn's own contract: every check of it but one, which says why."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from leadledger.models.learner.binning import Binning
from leadledger.models.learner.classifier import AdditiveClassifier

# Few and short bags: the checks look at the contract, not at the quality, and fit some hundred times.
ESTIMATORS = [AdditiveClassifier(bags=2, max_rounds=20, n_jobs=1), Binning()]


# Bins and counts are of leads, and a bag holds out whole leads: a lead of weight two is not the same as two leads.
# Bagged estimators of scikit-learn itself declare the same.
WEIGHTS = "a lead of weight two is held out as one lead, two leads are held out apart; weights count in the fit alone"


def expected(estimator: Any) -> dict[str, str]:
    """The checks that can't hold, with the reason."""
    if not isinstance(estimator, AdditiveClassifier):
        return {}
    return {"check_sample_weight_equivalence_on_dense_data": WEIGHTS}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected)
def test_keeps_the_contract_of_scikit_learn(estimator: Any, check: Any) -> None:
    """One of scikit-learn's checks of an estimator."""
    check(estimator)
