"""The figures of a clause: its values over all samples, and sample by sample its points and waveforms."""

import point_plot
import value_plot
import waveform_plot


def of_clause(clause, record, plots, words, style):
    yield from value_plot.figures(clause, record, words, style)
    for sample, result in clause["results"]:
        yield from point_plot.figures(sample, result, words, style)
        for evidence in result["evidence"]:
            if evidence in plots:
                yield waveform_plot.figure(plots[evidence], words, style, sample, evidence)
