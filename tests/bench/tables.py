"""The tables that both kinds of figure are shown in, time and instructions."""

from servers import NATIVE, NONE, OURS, ORIGIN_ONLY


def side_by_side(title, costs, form):
    """A row for each request; `costs`: by request, then by server."""
    columns = next(iter(costs.values()))
    lines = [f"| {title} | " + " | ".join(columns) + " | ours / none | ours / Envoy's | with Origin only / none |",
             "|---|" + "--:|" * (len(columns) + 3)]
    for request, of_request in costs.items():
        cells = [f"{cost:{form}}" for cost in of_request.values()]
        cells += [f"{of_request[name] / of_request[base]:.2f}"
                  for name, base in ((OURS, NONE), (OURS, NATIVE), (ORIGIN_ONLY, NONE))]
        lines.append(f"| {request} | " + " | ".join(cells) + " |")
    return lines


def counts(costs):
    """Of buckets or patterns, in `costs` by server and count."""
    return sorted({count for _, count in costs})


def growing(title, results, form, ratio=".2f"):
    """A row for each number of buckets or patterns, and kind of request; `results`: by kind, then by server and count."""
    lines = [f"| {title} | request | {NATIVE} | {OURS} | Envoy's / ours | ours / ours with 1 |", "|--:|---|--:|--:|--:|--:|"]
    for count in counts(next(iter(results.values()))):
        for kind, costs in results.items():
            native, ours = costs[NATIVE, count], costs[OURS, count]
            lines.append(f"| {count:,} | {kind} | {native:{form}} | {ours:{form}} | {native / ours:.2f} | "
                         f"{ours / costs[OURS, 1]:{ratio}} |")
    return lines


def by_server(results):
    """What `growing` takes, for JSON, which has no pairs as keys."""
    return {kind: {server: {count: costs[server, count] for count in counts(costs)} for server in (NATIVE, OURS)}
            for kind, costs in results.items()}
