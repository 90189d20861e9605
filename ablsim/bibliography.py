"""Which numbers a case uses, and the publications behind them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from ablsim import citations
from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.result import Result
from ablsim.tissue.boiling import BOILING_NUMBERS
from ablsim.tissue.constants import CONSTANTS, PERFUSION_STRATA
from ablsim.tissue.library import get_kinetics
from ablsim.tissue.sets.rossmann2014 import SHRINKAGE_LEAST, SHRINKAGE_MOST
from ablsim.tissue.sources import Use, list_sources, list_uses
from ablsim.tissue.wavelength import absorption_spectra


def list_numbers(case: Case) -> tuple[Use, ...]:
    """Return every sourced number that a case uses: of its tissues, kinetics and constants.

    Examples
    --------
    >>> from ablsim import Case
    >>> for use in list_numbers(Case.from_toml("patient.toml")):  # doctest: +SKIP
    ...     print(use)
    """
    domain = make_domain(case)
    tissues = [*domain.tissues, case.tissue.find("blood")]
    label, tumour = domain.tumour_label, case.tumour
    if label is not None and tumour is not None and tumour.perfusion in PERFUSION_STRATA:
        stratum = PERFUSION_STRATA[tumour.perfusion]
        tissues[label] = replace(tissues[label], perfusion_rate=stratum)
    physics = case.physics
    kinetics = (physics.stasis, physics.whitening, physics.death)
    constants = {**CONSTANTS, **BOILING_NUMBERS.get(physics.boiling, {})}
    if any(tissue.composition is not None for tissue in tissues):
        constants.update(absorption_spectra(case.tissue.wavelength))
    if case.tissue.perfusion == "none":  # the bench, where a ruler reads shrunk tissue
        constants.update(shrinkage_least=SHRINKAGE_LEAST, shrinkage_most=SHRINKAGE_MOST)
    return list_uses(tissues, map(get_kinetics, dict.fromkeys(kinetics)), constants)


def cite(source: Case | Result | Iterable[str], *, form: Literal["text", "bibtex"] = "text") -> str:
    """Return the publications behind a case or a result.

    Parameters
    ----------
    source : Case, Result or iterable of str
        What uses them, or their keys in ``references.bib``.
    form : {"text", "bibtex"}
        One readable line for each, ``[key] ...``, or BibTeX entries.

    Returns
    -------
    str
        The references, each once, in alphabetical order of their keys.

    Raises
    ------
    CaseError
        If a key is unknown; the message names those that come close.

    Examples
    --------
    >>> print(cite(["Pennes1948"])[:12])
    [Pennes1948]
    """
    case = source.case if isinstance(source, Result) else source
    keys = list_sources(list_numbers(case)) if isinstance(case, Case) else case
    return citations.cite(keys, form=form)
