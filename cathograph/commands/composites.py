"""``cathograph composites``: the composites that are built in, and the YAML of one to begin one's own with."""

from typing import Annotated

import typer

from cathograph.commands.console import print_json, print_table, write_result


def composites(
    name: Annotated[str | None, typer.Argument(help="Print this one as YAML.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List the built-in composites: their phases, codes and roles, what makes a TPB and a channel.

    Save one as a file, change it, and give it to `ingest`:

    [dim]cathograph composites sofc-electrode > mine.yaml[/]
    [dim]cathograph ingest … --composite mine.yaml[/]
    """
    from cathograph.schema.composites import built_in, built_in_names, yaml_text

    if name is not None:
        write_result(yaml_text(name))
        return
    found = [built_in(each) for each in built_in_names()]
    if as_json:
        print_json(
            [
                {
                    "composite": each.name,
                    "meaning": each.meaning,
                    "phases": [
                        {
                            "name": phase.name,
                            "code": phase.code,
                            "colour": phase.colour,
                            "roles": list(phase.roles),
                        }
                        for phase in each.phases
                    ],
                    "tpb": list(each.tpb),
                    "channel": list(each.channel),
                    "ion_side": each.ion_side,
                    "sha256": each.sha256,
                }
                for each in found
            ]
        )
        return
    import pandas as pd

    print_table(
        pd.DataFrame(
            {
                "composite": each.name,
                "phases": ", ".join(
                    f"{phase.code} {phase.name} ({'+'.join(phase.roles)})" for phase in each.phases
                ),
                "TPB": "–".join(each.tpb),
                "channel": "+".join(each.channel),
                "ions from": each.ion_side,
            }
            for each in found
        )
    )
