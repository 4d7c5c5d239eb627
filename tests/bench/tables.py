"""The tables that both kinds of figure are shown in, time and instructions."""

from servers import COMPARED, LIBRARY, NATIVE, NONE, OURS, PREPARED


def side_by_side(title, costs, form, ratio=".2f"):
    """A row for each request; `costs`: by request, then by server."""
    columns = next(iter(costs.values()))
    lines = [f"| {title} | " + " | ".join(columns) + " | ours / none | ours / Envoy's | library / none | library / Envoy's |"
             " route_prepares / none | route_prepares / Envoy's |",
             "|---|" + "--:|" * (len(columns) + 6)]
    for request, of_request in costs.items():
        cells = [f"{cost:{form}}" for cost in of_request.values()]
        cells += [f"{of_request[name] / of_request[base]:{ratio}}"
                  for name in (OURS, LIBRARY, PREPARED) for base in (NONE, NATIVE)]
        lines.append(f"| {request} | " + " | ".join(cells) + " |")
    return lines


def counts(costs):
    """Of buckets or patterns, in `costs` by server and count."""
    return sorted({count for _, count in costs})


def growing(title, results, form, ratio=".2f"):
    """A row for each number of buckets or patterns, and kind of request;
    `results`: by kind, then by server and count."""
    lines = [f"| {title} | request | {NATIVE} | {OURS} | {LIBRARY} | Envoy's / ours | Envoy's / library | ours / ours with 1 |"
             " library / library with 1 |", "|--:|---|" + "--:|" * 7]
    for count in counts(next(iter(results.values()))):
        for kind, costs in results.items():
            native, *both = (costs[server, count] for server in COMPARED)
            cells = [f"{cost:{form}}" for cost in (native, *both)]
            cells += [f"{native / cost:.2f}" for cost in both]
            cells += [f"{cost / costs[server, 1]:{ratio}}" for server, cost in zip((OURS, LIBRARY), both)]
            lines.append(f"| {count:,} | {kind} | " + " | ".join(cells) + " |")
    return lines


def crossing(costs, ours):
    """From which count on `ours` is the cheaper one, on the line between the measured ones."""
    before = None
    for count in counts(costs):
        advantage = costs[NATIVE, count] - costs[ours, count]
        if advantage >= 0:
            if before is None:
                return count
            found = before[0] - before[1] * (count - before[0]) / (advantage - before[1])
            # More digits would be noise.
            return round(found, 1 - len(str(int(found))) + (found >= 100))
        before = count, advantage
    return None


def crossings(buckets, patterns):
    def from_on(ours):
        return (f"from some {crossing(buckets['actual'], ours):,.0f} buckets on, a route each, and from some "
                f"{crossing(patterns['actual'], ours):,.0f} single-star patterns in a bucket, a regular expression each")
    return (f"For an actual request, {OURS} costs less than {NATIVE} {from_on(OURS)}; as a library it does {from_on(LIBRARY)}.")


def by_server(results):
    """What `growing` takes, for JSON, which has no pairs as keys."""
    return {kind: {server: {count: costs[server, count] for count in counts(costs)} for server in COMPARED}
            for kind, costs in results.items()}
