"""Editions on the disk: where they stand, and what stands beside them."""

from collections.abc import Iterable
from pathlib import Path

from cxzy_lib.publish.jobs import manifest_of


def editions_in(folder: Path) -> list[Path]:
    """Return the folders with an edition of pages: `folder` itself and those directly below it."""
    places = (one.resolve() for one in (folder, *_folders(folder)))
    return [one for one in places if manifest_of(one).get("pages")]


def editions_below(roots: Iterable[Path]) -> list[Path]:
    """Return all editions in folders of `roots`, those inside lists included."""
    places = {place for root in roots for place in (root, *_folders(root))}
    return sorted({one for place in places for one in editions_in(place)})


def root_of(folder: Path) -> Path:
    """Return where the editions beside `folder` stand: above it, or above the list that it is in."""
    above = folder.resolve().parent
    # Lists made before branches and years had editions of their own call them institutions.
    return above.parent if {"editions", "institutions"} & manifest_of(above).keys() else above


def _folders(place: Path) -> list[Path]:
    return sorted(one for one in place.glob("[!.]*") if one.is_dir())
