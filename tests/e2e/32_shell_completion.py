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


async def another_shell_is_told():
    code, _, said = await run_chat("completion", "tcsh")
    expect(code, 2, said)
    assert "bash" in said, said


run(bash_completes_verbs_and_options, zsh_and_fish_take_what_is_printed, another_shell_is_told)
