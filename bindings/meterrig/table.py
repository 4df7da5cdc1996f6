"""Results of a sweep, row by row."""

from __future__ import annotations

import csv
import html
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
import numpy.typing as npt

from .quantity import Reading

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = ["Table"]


class Table:
    """Rows with named columns, in the order in which they came; a Reading's unit is its column's.

    ::

        table = Table()
        for volts in np.linspace(3.6, 2.4, 25):
            st.power_supply.set_voltage(volts)
            table.add(voltage=volts, current=st.ammeter.read())
        table.plot("voltage", "current")
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        #: UCUM, by column; empty where no Reading said it.
        self.units: dict[str, str] = {}

    def add(self, **values: Any) -> None:
        """Adds a row. Readings of a column are converted to the unit of its first one; raises UnitError."""
        row = {}
        for name, value in values.items():
            if isinstance(value, Reading):
                value = value.to(self.units.setdefault(name, value.unit))
            row[name] = value
        self.rows.append(row)

    @property
    def columns(self) -> list[str]:
        """Names, in the order of their first row."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """A column as an array, shape (rows,); NaN where a row lacks it."""
        if name not in self.columns:
            raise KeyError(f"found no column {name!r}; the table has {', '.join(self.columns) or 'none'}")
        return np.array([row.get(name, np.nan) for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def heading(self, name: str) -> str:
        """A column's name with its unit."""
        unit = self.units.get(name, "")
        return f"{name} / {unit}" if unit and unit != "1" else name

    def plot(self, x: str, y: str, ax: Optional["Axes"] = None, **style: Any) -> "Axes":
        """Draws one column over another with Matplotlib, with error bars where uncertainties are known."""
        from matplotlib import pyplot

        if ax is None:
            _, ax = pyplot.subplots()
        errors = [v.expanded_uncertainty if isinstance(v, Reading) else 0.0 for v in (r.get(y) for r in self.rows)]
        xs = np.asarray(self[x], dtype=float)
        ys = np.asarray(self[y], dtype=float)
        ax.errorbar(xs, ys, yerr=errors if any(errors) else None, marker=".", **style)
        ax.set_xlabel(self.heading(x))
        ax.set_ylabel(self.heading(y))
        return ax

    def to_csv(self, file: Union[str, "os.PathLike[str]"]) -> None:
        """Writes it as CSV, UTF-8, headings with units, numbers in full."""
        with open(os.fspath(file), "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow([self.heading(name) for name in self.columns])
            for row in self.rows:
                values = [row.get(name, "") for name in self.columns]
                writer.writerow([float.__repr__(v) if isinstance(v, float) else v for v in values])

    def to_pandas(self) -> "pandas.DataFrame":
        """As a table of pandas, which must be installed; Readings become plain numbers."""
        import pandas

        plain = [{k: float(v) if isinstance(v, Reading) else v for k, v in row.items()} for row in self.rows]
        return pandas.DataFrame(plain, columns=self.columns).rename(columns=self.heading)

    def _cells(self) -> list[list[str]]:
        return [[_text(row.get(name, "")) for name in self.columns] for row in self.rows]

    def __str__(self) -> str:
        lines = [[self.heading(name) for name in self.columns], *self._cells()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(self.heading(name))}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in self._cells()
        )
        return f"<table><tr>{head}</tr>{body}</table>"


def _text(value: Any) -> str:
    return f"{float(value):.6g}" if isinstance(value, float) else str(value)
