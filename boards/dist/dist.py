"""Writes the broker as two files, midge.h and midge.c: dist.py FOLDER.

midge.h is limits.h and broker.h, and of the private headers what struct midge is made of; midge.c is
the rest of them, and then all sources. What is private becomes static there, so that only midge_*
is left to link with.

There are no #line directives: who has two files wants an assertion, a debugger and a compiler's
complaint to point into them, and one name of a file costs less flash than forty. A line above each
part says where in broker/ it comes from.

Names that two files have are prefixed by that of their file (`split` of match.c is `match_split`),
private ones in midge.h by midge_core_, since they meet those of whoever includes it; and the macros
of a source end with it. Where the house's style, by which this reads C, is not enough for
that, the outcome does not compile, and the suite `twofiles` fails.
"""

import functools
import pathlib
import re
import sys

PUBLIC = ["broker/limits.h", "broker/broker.h"]
ROOT = "broker/core/midge.h"  # has struct midge
NOTE = "// Midge {}, made by `make dist` from broker/. Apache-2.0, see LICENSE.\n\n"
PRAGMAS = """\
// What a set of limits leaves out, nobody calls; nor does a private function then exist.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wundefined-internal"
#pragma clang diagnostic ignored "-Wunused-const-variable"
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
"""

NOT_CODE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
INCLUDE = re.compile(r'^#include ["<](.*)[">]\n', re.M)
GUARD = re.compile(r"^#ifndef (\w+_H)\n#define \1\n(.*)^#endif\n\Z", re.M | re.S)
# What precedes the name of a member.
MEMBER = re.compile(r"(?:\.|->|#|\b(?:offsetof|POOL_TAKE|POOL_GIVE)\([^,()]*, )\Z")
DIRECTIVES = re.compile(r"^ *#(?:.*\\\n)*.*\n", re.M)
TYPES = r"(?:struct|union|enum)"


# ---- Reading ------------------------------------------------------------------------------------


@functools.cache
def source(path):
    return pathlib.Path(path).read_text()


def includes(path):
    return [name for name in INCLUDE.findall(source(path)) if name.startswith("broker/")]


@functools.cache
def sees(path):
    """What a file can refer to: itself, and all that it includes."""
    seen, left = set(), [path]
    while left:
        if (at := left.pop()) not in seen:
            seen.add(at)
            left += includes(at)
    return seen


def in_order(paths):
    """The headers with a guard that those files include, each behind those that it includes."""
    order, begun = [], set()

    def visit(path):
        if path in begun:
            return
        begun.add(path)
        for name in includes(path):
            visit(name)
        if GUARD.search(source(path)):
            order.append(path)

    for path in paths:
        visit(path)
    return order


def code_of(text):
    """The text without comments, and with empty strings."""
    return NOT_CODE.sub(lambda m: "" if m[0][0] == "/" else '""', text)


@functools.cache
def words(path):
    """All that a file uses, but for members of structs."""
    return set(re.findall(r"(?<![.>#\w])\w+", code_of(source(path))))


def chunks(text):
    """Declarations and directives, one after another, each with the comment above it."""
    chunk, depth, macro = "", 0, False
    for line in text.splitlines(keepends=True):
        chunk += line
        code = code_of(line).rstrip()
        directive = macro or code.lstrip().startswith("#")
        macro = directive and code.endswith("\\")
        if not directive:
            depth += sum(code.count(c) for c in "{([") - sum(code.count(c) for c in "})]")
        if depth == 0 and not macro and (directive or not line.strip() or code[-1:] in (";", "}")):
            yield chunk
            chunk = ""
    if depth != 0:
        sys.exit(f"dist.py: unbalanced: {chunk[:200]}")
    if chunk:
        yield chunk


def skeleton(chunk):
    """A declaration without what is in braces, up to what it is initialized with."""
    code = DIRECTIVES.sub("", code_of(chunk))
    while (flat := re.sub(r"\{[^{}]*\}", "\0", code)) != code:
        code = flat
    return re.sub(r"=.*", ";", code, flags=re.S).strip()


def is_function(chunk):
    code = skeleton(chunk)
    return bool(re.search(r"\w\(", code)) and not code.startswith(("typedef", "_Static_assert"))


def macros(text):
    """Those that the text leaves defined."""
    named = lambda directive: set(re.findall(rf"^#{directive} (\w+)", text, re.M))
    return named("define") - named("undef")


def tags(chunk):
    return set(re.findall(rf"\b{TYPES} (\w+)\s*\{{", code_of(chunk)))


def constants(chunk):
    """Those of enumerations."""
    bodies = re.findall(r"\benum\b[^{;()]*\{([^}]*)\}", DIRECTIVES.sub("", code_of(chunk)))
    bare = (re.sub(r"=[^,]*|\w+\(\w+\)", "", body) for body in bodies)
    return set().union(*(re.findall(r"[A-Za-z_]\w*", body) for body in bare))


def declared(chunk):
    """Functions, objects, and types with a name of their own."""
    code = skeleton(chunk)
    if re.fullmatch(rf"(?:_Static_assert.*|{TYPES}(?: \w+)?(?:;|\s*\0\s*;))?", code, re.S):
        return set()
    if is_function(chunk):
        return {re.search(r"(\w+)\(", code)[1]}
    return set(re.findall(r"(\w+)(?:\[[^]]*\])*\s*(?=[,;])", code))


def ordinary(chunk):
    return constants(chunk) | declared(chunk)


def external(chunk):
    """What other files can refer to by name."""
    inside = ("static", "ALWAYS_INLINE", "NEVER_INLINE", "typedef")
    return set() if skeleton(chunk).startswith(inside) else declared(chunk)


def public(name):
    return name.startswith(("midge_", "MIDGE_"))


def names_of(kind, path):
    return set().union(*map(kind, chunks(source(path))))


def optional(path):
    """What a source defines for others under a condition only."""
    names, depth = set(), 0
    for chunk in chunks(source(path)):
        depth += len(re.findall(r"^#if", chunk, re.M)) - len(re.findall(r"^#endif", chunk, re.M))
        names |= external(chunk) if depth > 0 else set()
    return {name for name in names if not public(name)}


# ---- Names that two files have ------------------------------------------------------------------


def rename(text, kind, names):
    """Renames what is of that kind: a tag, or an ordinary name, which is no member."""
    if not names:
        return text
    optional = "" if kind is tags else "?"
    pattern = rf"((?:\b{TYPES} ){optional})\b({'|'.join(names)})\b"
    parts, at = [], 0

    def change(m):
        if kind is ordinary and (m[1] or MEMBER.search(m.string, 0, m.start())):
            return m[0]
        return m[1] + names[m[2]]

    for skip in NOT_CODE.finditer(text):
        parts += [re.sub(pattern, change, text[at : skip.start()]), skip[0]]
        at = skip.end()
    return "".join(parts) + re.sub(pattern, change, text[at:])


def prefixed(path, name, taken):
    *_, room, stem = pathlib.Path(path).with_suffix("").parts
    prefix = stem if f"{stem}_{name}" not in taken else f"{room}_{stem}"
    return f"{prefix.upper() if name.isupper() else prefix}_{name}"


def shown_as(name):
    """That of a private name in midge.h, where it could meet one of whoever includes it."""
    return f"MIDGE_CORE_{name}" if name.isupper() else f"midge_core_{name}"


def shown_names(text):
    """Private names in midge.h, by kind."""
    forward = set(re.findall(rf"^{TYPES} (\w+);", text, re.M))
    names = set().union(*map(ordinary, chunks(text)), re.findall(r"^#define (\w+)", text, re.M))
    mine = lambda names: {name for name in names if not public(name) and name != "midge"}
    return {tags: mine(tags(text) | forward), ordinary: mine(names)}


def renamed(paths, shown):
    """The texts of those files, in which no name means two things, and what is shown is Midge's."""
    exported = set().union(*(optional(path) for path in paths if path.endswith(".c")))
    texts = {path: source(path) for path in paths}
    for kind in (tags, ordinary):
        meanings = {}  # of a name: files that have one of their own, or "" for what they share
        for path in paths:
            own = names_of(kind, path)
            shared = names_of(external, path) if kind is ordinary else set()
            if kind is ordinary and path.endswith(".h"):
                own |= macros(source(path))
            for name in own:
                meanings.setdefault(name, set()).add("" if name in shared else path)

        # Else a variable elsewhere would hide it, which compilers can be asked to warn of.
        def elsewhere(name, at):
            if kind is tags or not at.endswith(".c"):
                return False
            return any(name in words(path) for path in paths if path.endswith(".c") and path != at)

        for path in paths:
            names = {}
            for name, where in meanings.items():
                if not public(name) and (len(where) > 1 or elsewhere(name, *where)):
                    names |= {name: prefixed(at, name, meanings) for at in where & sees(path)}
            names |= {name: shown_as(name) for name in shown[kind]}
            if kind is ordinary:
                names |= {name: f"midge_{name}" for name in exported}
            texts[path] = rename(texts[path], kind, names)
    return texts


# ---- Writing ------------------------------------------------------------------------------------


def body(text):
    """A header without its guard and what it includes."""
    text = re.sub(r"^// Outside the guard:.*\n", "", text, flags=re.M)
    return INCLUDE.sub("", GUARD.sub(r"\2", text))


def tidy(text):
    """Without conditions on nothing, and with at most one empty line at a time."""
    while (less := re.sub(r"^#if.*\n(?:\s*#else.*\n)?\s*#endif.*\n", "", text, flags=re.M)) != text:
        text = less
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def private(chunk):
    """The chunk with static linkage; of an object, only its source has it, which comes first."""
    names = external(chunk)
    if not names or any(map(public, names)):
        return chunk
    if skeleton(chunk).startswith("extern"):
        return re.sub(r"^extern", "static", chunk, flags=re.M) if "\0" in skeleton(chunk) else ""
    return re.sub(r"^(?!//)", "static ", chunk, count=1, flags=re.M)


def groups(text):
    """Chunks, of which those between an #if and its #endif are one."""
    group, depth = "", 0
    for chunk in chunks(text):
        group += chunk
        depth += bool(re.search(r"^#if", chunk, re.M)) and not re.search(r"^#endif", chunk, re.M)
        depth -= bool(re.match(r"(?://.*\n)*#endif", chunk))
        if depth == 0:
            yield group
            group = ""


def split(texts):
    """Of the private headers, {path: groups}, what struct midge is made of."""
    defined = {}
    for path, parts in texts.items():
        for part in parts:
            if not any(map(is_function, chunks(part))):
                for kind in (tags, ordinary, macros):
                    for name in set().union(*map(kind, chunks(part))):
                        defined.setdefault(name, set()).add(part)
    uses = lambda text: set(re.findall(r"\w+", code_of(text)))
    left = [part for name in defined if name.startswith("MIDGE_") for part in defined[name]]
    left += [part for part in set().union(*defined.values()) if "midge" in tags(part)]
    kept = set()
    while left:
        if (part := left.pop()) not in kept:
            kept.add(part)
            left += [more for word in uses(part) for more in defined.get(word, ())]
    # Of what they only point at, that it exists.
    have = set().union(*map(tags, kept))
    needed = set().union(*map(uses, kept)) - have
    for parts in texts.values():
        for part in parts:
            forward = re.fullmatch(rf"{TYPES} (\w+);", skeleton(part))
            if forward and forward[1] in needed - tags(source(PUBLIC[1])):
                kept.add(part)
    return kept


def ordered(sources):
    """Sources with the objects that others refer to first."""
    of = {}
    for path in sources:
        for chunk in chunks(source(path)):
            if not is_function(chunk):
                of |= {name: path for name in external(chunk)}
    ranks = {}

    def rank(path):
        if path not in ranks:
            ranks[path] = 0
            others = {of[name] for name in words(path) & of.keys()} - {path}
            ranks[path] = max((rank(at) + 1 for at in others), default=0)
        return ranks[path]

    return sorted(sources, key=lambda path: (rank(path), path))


def part(path, text):
    return f"\n// ==== {path} {'=' * (91 - len(path))}\n\n{tidy(text)}"


def main(folder):
    sources = sorted(map(str, pathlib.Path("broker").rglob("*.c")))
    headers = in_order(sources)
    rows = sorted({name for path in sources for name in includes(path)} - set(headers))
    mine = [path for path in in_order([ROOT]) if path not in PUBLIC]
    version = re.search(r'MIDGE_VERSION "(.*)"', source(PUBLIC[1]))[1]
    note = NOTE.format(version)

    kept = split({path: list(groups(body(source(path)))) for path in mine})
    shown = shown_names(body(source(PUBLIC[0])) + "".join(kept))
    texts = renamed(headers + sources, shown)
    parts = {path: list(groups(body(texts[path]))) for path in headers if path not in PUBLIC}
    kept = split({path: parts[path] for path in mine})
    h = note + "#ifndef MIDGE_H\n#define MIDGE_H\n\n"
    h += "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"
    for path in PUBLIC:
        h += part(path, body(texts[path]))
    for path in mine:
        if text := "".join(one for one in parts[path] if one in kept or one == "\n").strip():
            h += part(path, text)
    h += "\n#endif\n"

    c = note + '#include "midge.h"\n\n#include <stdarg.h>\n#include <string.h>\n\n' + PRAGMAS
    for path in parts:
        rest = "".join(one for one in parts[path] if one not in kept)
        if text := "".join(map(private, chunks(rest))).strip():
            c += part(path, text)
    for path in ordered(sources):
        text = INCLUDE.sub(lambda m: m[0] if m[1] in rows else "", texts[path])
        text = "".join(map(private, chunks(text)))
        text = INCLUDE.sub(lambda m: source(m[1]), text)
        ends = "".join(f"#undef {name}\n" for name in sorted(macros(source(path))))
        c += part(path, text + "\n" + ends)
    pathlib.Path(folder, "midge.h").write_text(h)
    pathlib.Path(folder, "midge.c").write_text(c)


if __name__ == "__main__":
    main(sys.argv[1])
