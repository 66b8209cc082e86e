#!/usr/bin/env python3
"""`chat completion` in the shells themselves."""

import subprocess

from chat_server import BINARY, expect, run, run_chat


def shell(*command):
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=20, stdin=subprocess.DEVNULL)
    expect(done.returncode, 0, done.stdout)
    return done.stdout.split()


def completed_in_bash(*words):
    """What bash offers for the last of `words`."""
    quoted = " ".join(f"'{word}'" for word in words)
    return shell("bash", "--norc", "-c", f"""
        source <('{BINARY}' completion bash) &&
        COMP_WORDS=({quoted}) && COMP_CWORD={len(words) - 1} && _chat && printf '%s\\n' "${{COMPREPLY[@]}}" """)


# The functions that zsh's own completion has: here they print what they are given.
ZSH_STANDS_IN = """
    _describe() { local -a given; given=("${(@P)@[-1]}"); print -rl -- "${(@)given%%:*}" }
    compadd() { shift; print -rl -- "$@" }
    _files() { print files }
    compdef() { }
"""


def completed_in_zsh(*words):
    """What zsh offers where the last of `words` is; "files" for files. zsh itself leaves out what does not begin so."""
    quoted = " ".join(f"'{word}'" for word in words)
    return shell("zsh", "-f", "-c", f"""{ZSH_STANDS_IN}
        source <('{BINARY}' completion zsh)
        words=({quoted}); CURRENT={len(words)}; _chat""")


def completed_in_fish(line):
    said = shell("fish", "--no-config", "-c", f"'{BINARY}' completion fish | source; complete -C '{line}' | cut -f1")
    return sorted(said)


async def bash_completes_verbs_and_options():
    assert {"serve", "join", "send", "vhost"} <= set(completed_in_bash("chat", ""))
    expect(completed_in_bash("chat", "se"), ["serve", "send"], "se")
    expect(completed_in_bash("chat", "vhost", "cr"), ["create"], "vhost cr")
    assert "--partitions" in completed_in_bash("chat", "vhost", "create", "asgi", "--")
    assert "--partitions" not in completed_in_bash("chat", "serve", "--")
    expect(completed_in_bash("chat", "tail", "lobby", "--cur"), ["--cursor-file"], "--cur")
    expect(completed_in_bash("chat", "serve", "--data", "se"), [], "a value is no verb")


async def zsh_and_fish_take_what_is_printed():
    for name in ("zsh", "fish"):
        code, text, said = await run_chat("completion", name)
        expect(code, 0, said)
        shell(name, *(["-f"] if name == "zsh" else ["--no-config"]), "-n", "-c", text)
    offered = shell("fish", "--no-config", "-c",
                    f"'{BINARY}' completion fish | source; complete -C 'chat vhost cr'")
    assert offered and offered[0] == "create", offered
    offered = shell("fish", "--no-config", "-c",
                    f"'{BINARY}' completion fish | source; complete -C 'chat send lobby --sep'")
    assert offered and offered[0] == "--separator", offered


SCENARIOS = ["fanout", "chatter", "idle", "storm", "churn", "slow", "resume", "fault"]
DIALECTS_WITH_P = ["plain", "phoenix", "pusher"]


async def bash_completes_words_that_stand_for_a_verb_and_values():
    expect(completed_in_bash("chat", "bench", ""), SCENARIOS + ["compare", "agent"], "scenarios, then verbs")
    expect(completed_in_bash("chat", "bench", "--rooms", "3", "fa"), ["fanout", "fault"], "behind an option")
    expect(completed_in_bash("chat", "bench", "fanout", ""), [], "one scenario only")
    assert "--senders" in completed_in_bash("chat", "bench", "fanout", "--")
    assert "--senders" not in completed_in_bash("chat", "bench", "compare", "--")
    expect(completed_in_bash("chat", "bench", "fanout", "--dialect", "p"), DIALECTS_WITH_P, "values")
    expect(completed_in_bash("chat", "bench", "fanout", "--save", "f"), [], "bash adds files")
    expect(completed_in_bash("chat", "bench", "compare", ""), [], "bash adds files")
    expect(completed_in_bash("chat", "completion", ""), ["bash", "zsh", "fish"], "shells")


async def zsh_does_the_same():
    expect(completed_in_zsh("chat", "bench", ""), SCENARIOS + ["compare", "agent"], "scenarios, then verbs")
    expect(completed_in_zsh("chat", "bench", "fanout", ""), ["files"], "one scenario only")
    assert "--senders" in completed_in_zsh("chat", "bench", "fanout", "--")
    assert "--senders" not in completed_in_zsh("chat", "bench", "compare", "--")
    assert set(DIALECTS_WITH_P) < set(completed_in_zsh("chat", "bench", "fanout", "--dialect", ""))
    expect(completed_in_zsh("chat", "bench", "--save", ""), ["files"], "a file's name is no verb")
    expect(completed_in_zsh("chat", "bench", "compare", ""), ["files"], "saved runs")


async def fish_does_the_same():
    expect(completed_in_fish("chat bench "), sorted(SCENARIOS + ["compare", "agent"]), "scenarios and verbs")
    assert not set(SCENARIOS) & set(completed_in_fish("chat bench fanout "))
    assert "--senders" in completed_in_fish("chat bench fanout --")
    assert "--senders" not in completed_in_fish("chat bench compare --")
    expect(completed_in_fish("chat bench fanout --dialect p"), sorted(DIALECTS_WITH_P), "values")
    expect(completed_in_fish("chat bench --save /etc/hostnam"), ["/etc/hostname"], "files")
    expect(completed_in_fish("chat bench compare /etc/hostnam"), ["/etc/hostname"], "files")


async def another_shell_is_told():
    code, _, said = await run_chat("completion", "tcsh")
    expect(code, 2, said)
    assert "bash" in said, said


run(bash_completes_verbs_and_options, bash_completes_words_that_stand_for_a_verb_and_values, zsh_does_the_same,
    fish_does_the_same, zsh_and_fish_take_what_is_printed, another_shell_is_told)
