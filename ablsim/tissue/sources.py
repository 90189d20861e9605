"""Which publication is used for which parameter of which tissue."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from ablsim.tissue.constants import CONSTANTS
from ablsim.tissue.dose import Kinetics
from ablsim.tissue.properties import ASSUMED, GIVEN, Sourced, Tissue

_GROUPS = frozenset({"optical", "thermal"})


@dataclass(frozen=True, slots=True)
class Use:
    """One number in use.

    Parameters
    ----------
    owner : str
        Name of the tissue or kinetics; empty for a constant.
    parameter : str
        What the number is, in words.
    number : Sourced
        The number.
    """

    owner: str
    parameter: str
    number: Sourced

    def __str__(self) -> str:
        words = [self.owner, self.parameter, str(self.number), self.number.source]
        if self.number.related:
            words.append(f"(see {', '.join(self.number.related)})")
        return " ".join(filter(None, words))

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of ``references.bib`` behind the number: its source, then what bears on it."""
        own = () if self.number.source in {ASSUMED, GIVEN} else (self.number.source,)
        return (*own, *self.number.related)


def _walk(item: object, words: tuple[str, ...]) -> Iterator[tuple[str, Sourced]]:
    """Yield every sourced number below ``item`` with the words that lead to it."""
    if isinstance(item, Sourced):
        yield " ".join(words), item
    elif is_dataclass(item):
        for entry in fields(item):
            step = () if entry.name in _GROUPS else (entry.name.replace("_", " "),)
            yield from _walk(getattr(item, entry.name), (*words, *step))


def list_uses(
    tissues: Iterable[Tissue] = (),
    kinetics: Iterable[Kinetics] = (),
    constants: Mapping[str, Sourced] = CONSTANTS,
) -> tuple[Use, ...]:
    """Return every number of these tissues and kinetics, and of the constants, with its source.

    Parameters
    ----------
    tissues : iterable of Tissue
        Tissues of a case.
    kinetics : iterable of Kinetics
        Damage processes of a case.
    constants : mapping of str to Sourced
        Constants in use, by name.

    Examples
    --------
    >>> from ablsim.tissue.library import get_tissue
    >>> uses = list_uses([get_tissue("liver")])
    >>> [str(use) for use in uses if use.parameter == "conductivity"]
    ['liver conductivity 0.5191 W/(m K) Hasgall2022']
    """
    sets: list[Tissue | Kinetics] = [*tissues, *kinetics]
    uses = [Use(item.name, *found) for item in sets for found in _walk(item, ())]
    uses += [Use("", name.replace("_", " "), number) for name, number in constants.items()]
    return tuple(dict.fromkeys(uses))


def list_sources(uses: Iterable[Use]) -> tuple[str, ...]:
    """Return the keys of ``references.bib`` behind ``uses``, each once, in alphabetical order."""
    return tuple(sorted({key for use in uses for key in use.keys}))
