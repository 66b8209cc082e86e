#!/usr/bin/env python3
"""What `chat` says on the command line, held against the outputs that were read and approved.

    golden.py BINARY             compares; a difference is shown and ends with 1
    golden.py BINARY --approve   writes what is said now into *.approved.txt (scripts/approve)
"""

import os
import pathlib
import re
import subprocess
import sys

from approved import compare

HERE = pathlib.Path(__file__).parent
SECONDS = 20

# File: the words behind `chat`, and what the environment has.
CASES = {
    "help": (["--help"], {}),
    "help_verb": (["help"], {}),
    "help_of_a_verb": (["help", "version"], {}),
    "help_of_an_unknown_verb": (["help", "nothing"], {}),
    "help_of_a_verb_like_another": (["help", "sned"], {}),
    "help_of_a_vhost_verb_like_another": (["help", "vhost", "creat"], {}),
    "serve_help": (["serve", "--help"], {}),
    "join_help": (["join", "--help"], {}),
    "join_color_is_none": (["join", "lobby", "--color", "red"], {}),
    "join_lang_is_none": (["join", "lobby", "--lang", "zh-CN"], {}),
    "join_lang_from_the_environment_is_none": (["join", "lobby"], {"CHAT_LANG": "tlh"}),
    "completion_help": (["completion", "--help"], {}),
    "send_help": (["send", "--help"], {}),
    "tail_help": (["tail", "--help"], {}),
    "history_help": (["history", "--help"], {}),
    "who_help": (["who", "--help"], {}),
    "rooms_help": (["rooms", "--help"], {}),
    "send_time_out_of_range": (["send", "lobby", "x", "--timeout", "999999999d"], {}),
    "tail_count_below_zero": (["tail", "lobby", "--count", "-1"], {}),
    "join_since_is_none": (["join", "lobby", "--since", "2026-13-99"], {}),
    "tail_since_is_none": (["tail", "lobby", "--since", "yesterday"], {}),
    "version": (["version"], {}),
    "version_flag": (["--version"], {}),
    "version_json": (["version", "--json"], {}),
    "version_help": (["version", "--help"], {}),
    "no_verb": ([], {}),
    "unknown_verb": (["serv"], {}),
    "unknown_verb_like_none": (["frobnicate"], {}),
    "unknown_option": (["serve", "--lisen", "127.0.0.1:0"], {}),
    "unknown_option_begun": (["--vers"], {}),
    "stray_word": (["serve", "lobby"], {}),
    "unknown_short_option": (["tail", "lobby", "-x"], {}),
    "option_before_its_verb": (["--json", "rooms"], {}),
    "option_with_a_value_before_its_verb": (["--url", "ws://h", "rooms"], {}),
    "short_option_before_its_verb": (["-n", "5", "tail", "lobby"], {}),
    "option_before_its_verb_below_vhost": (["vhost", "--json", "list"], {}),
    "several_stray_words": (["rooms", "a", "b"], {}),
    "tail_n_is_no_number": (["tail", "lobby", "-n", "abc"], {}),
    "tail_n_is_too_large": (["tail", "lobby", "-n", "99999999999999999999"], {}),
    "tail_n_without_a_value": (["tail", "lobby", "-n"], {}),
    "tail_name_twice": (["tail", "lobby", "--name", "a", "--name", "b"], {}),
    "tail_wait_below_zero": (["tail", "lobby", "--wait", "-1"], {}),
    "tail_switch_is_no_truth": (["tail", "lobby", "--follow=maybe"], {}),
    "send_time_of_an_unknown_unit": (["send", "lobby", "x", "--timeout", "1y"], {}),
    "send_time_over_a_year": (["send", "lobby", "x", "--timeout", "400d"], {}),
    "completion_shell_is_none": (["completion", "tcsh"], {}),
    "missing_value": (["serve", "--data"], {}),
    "value_of_no_known_kind": (["serve", "--log-level", "loud"], {}),
    "value_that_is_no_number": (["serve", "--workers", "many"], {}),
    "value_below_zero": (["serve", "--max-rooms", "-1"], {}),
    "value_that_is_no_time": (["serve", "--drain-timeout", "5y"], {}),
    "value_that_is_no_address": (["serve", "--listen", "nonsense"], {}),
    "value_that_is_no_origin": (["serve", "--allow-origin", "https://a.test/path"], {}),
    "value_out_of_range": (["serve", "--max-inflight", "300"], {}),
    "time_out_of_range": (["serve", "--ping-interval", "999999999d"], {}),
    "vhost_help": (["vhost", "--help"], {}),
    "vhost_create_help": (["vhost", "create", "--help"], {}),
    "vhost_check_help": (["help", "vhost", "check"], {}),
    "vhost_check_layer_is_none": (["vhost", "check", "asgi", "--layer", "stream2"], {}),
    "vhost_check_partitions_of_another_layer":
        (["vhost", "check", "asgi", "--layer", "channels", "--partitions", "4"], {}),
    "vhost_show_help": (["vhost", "show", "--help"], {}),
    "vhost_list_help": (["vhost", "list", "--help"], {}),
    "vhost_delete_help": (["vhost", "delete", "--help"], {}),
    "vhost_without_a_verb": (["vhost"], {}),
    "vhost_unknown_verb": (["vhost", "creat", "asgi"], {}),
    "vhost_unknown_option": (["vhost", "create", "asgi", "--partition", "4"], {}),
    "vhost_help_of_an_unknown_verb": (["help", "vhost", "nothing"], {}),
    "vhost_without_a_name": (["vhost", "create"], {}),
    "vhost_with_two_names": (["vhost", "create", "a", "b"], {}),
    "vhost_name_is_none": (["vhost", "show", "a\nb"], {}),
    "vhost_partitions_out_of_range": (["vhost", "create", "asgi", "--partitions", "257"], {}),
    "vhost_age_in_parts_of_a_second": (["vhost", "create", "asgi", "--max-age", "1500ms"], {}),
    "vhost_password_in_the_address": (["vhost", "list", "--api", "http://a:hidden@b"], {}),
    "vhost_address_from_the_environment": (["vhost", "list"], {"CHAT_API": "amqp://b"}),
    "vhost_password_is_missing": (["vhost", "list", "--api", "http://ann@127.0.0.1:1"], {}),
    "vhost_password_file_is_missing":
        (["vhost", "list"], {"CHAT_API_PASSWORD_FILE": "/nonexistent/password"}),
    "vhost_password_file_never_ends": (["vhost", "list", "--password-file", "/dev/zero"], {}),
    "amqp_password_file_never_ends":
        (["serve", "--listen", "0", "--broker", "amqp://ann@127.0.0.1:1", "--amqp-password-file", "/dev/zero"], {}),
    "vhost_ca_file_never_ends": (["vhost", "list", "--ca-file", "/dev/zero"], {}),
    "vhost_password_from_empty_stdin": (["vhost", "list", "--password-file", "-"], {}),
    "vhost_user_and_create_user":
        (["vhost", "create", "asgi", "--user", "a", "--create-user", "b"], {}),
    "vhost_password_file_for_nobody":
        (["vhost", "create", "asgi", "--user-password-file", "f"], {}),
    "vhost_delete_without_a_terminal": (["vhost", "delete", "asgi"], {}),
    "vhost_closed_port": (["vhost", "show", "asgi", "--api", "http://127.0.0.1:1"], {}),
    "bench_help": (["bench", "--help"], {}),
    "bench_compare_help": (["help", "bench", "compare"], {}),
    "bench_agent_help": (["bench", "agent", "--help"], {}),
    "bench_without_a_scenario": (["bench", "--rooms", "3"], {}),
    "bench_scenario_is_none": (["bench", "--rate", "5/s", "fanuot"], {}),
    "bench_verb_is_none": (["bench", "compar", "a.json"], {}),
    "bench_help_of_a_verb_like_another": (["help", "bench", "agnet"], {}),
    "bench_scenario_and_verb": (["bench", "fanout", "compare", "a.json"], {}),
    "bench_with_two_scenarios": (["bench", "fanout", "chatter"], {}),
    "bench_unknown_option": (["bench", "fanout", "--member", "5"], {}),
    "bench_rate_is_none": (["bench", "fanout", "--rate", "fast"], {}),
    "bench_rate_and_saturate": (["bench", "fanout", "--rate", "5", "--saturate", "5"], {}),
    "bench_percentage_is_none": (["bench", "churn", "--affected", "120%"], {}),
    "bench_confidence_out_of_range": (["bench", "fanout", "--confidence", "2"], {}),
    "bench_find_max_of_nothing": (["bench", "--find-max", "fanout"], {}),
    "bench_find_max_without_an_objective": (["bench", "fanout", "--find-max"], {}),
    "bench_objective_is_none": (["bench", "fanout", "--slo", "p98=5ms"], {}),
    "bench_payload_is_none": (["bench", "fanout", "--payload", "5"], {}),
    "bench_dialect_is_none": (["bench", "fanout", "--dialect", "irc"], {}),
    "bench_rate_of_a_scenario_that_sends_nothing": (["bench", "idle", "--rate", "5"], {}),
    "bench_duration_of_a_storm": (["bench", "storm", "--duration", "5s"], {}),
    "bench_affected_where_nobody_is": (["bench", "fanout", "--away", "5s"], {}),
    "bench_url_with_tls": (["bench", "fanout", "--url", "wss://example.com"], {}),
    "bench_url_with_a_path": (["bench", "fanout", "--url", "ws://127.0.0.1/chat"], {}),
    "bench_baseline_is_missing": (["bench", "fanout", "--baseline", "/nonexistent/run.json"], {}),
    "bench_pid_and_metrics":
        (["bench", "fanout", "--pid", "1", "--metrics", "http://127.0.0.1:1/"], {}),
    "bench_token_file_is_missing":
        (["bench", "fanout", "--agents", "127.0.0.1:1", "--token-file", "/nonexistent/token"], {}),
    "bench_compare_without_a_file": (["bench", "compare"], {}),
    "bench_compare_file_is_missing": (["bench", "compare", "/nonexistent/run.json"], {}),
    "bench_compare_file_is_none": (["bench", "compare", "/dev/null"], {}),
    "bench_agent_address_is_none": (["bench", "agent", "--listen", "nonsense"], {}),
    "bench_agent_for_everybody": (["bench", "agent", "--listen", "0.0.0.0:0"], {}),
    "config_show_help": (["config", "show", "--help"], {}),
    "config_without_a_verb": (["config"], {}),
    "config_show_of_an_unknown_verb": (["config", "show", "tial"], {}),
    "config_file_is_missing": (["rooms", "--config", "/nonexistent/chat.toml"], {}),
    "config_file_never_ends": (["rooms", "--config", "/dev/zero"], {}),
    "config_file_from_the_environment_is_missing":
        (["rooms"], {"CHAT_CONFIG": "/nonexistent/chat.toml"}),
    "config_is_ignored_by_version": (["version"], {"CHAT_CONFIG": "/nonexistent/chat.toml"}),
    "profile_is_in_no_file": (["rooms", "--profile", "work"], {}),
    "environment_is_wrong": (["serve"], {"CHAT_LOG_LEVEL": "loud"}),
    "environment_number_is_none": (["serve"], {"CHAT_MAX_ROOMS": "many"}),
    "environment_time_is_none": (["serve"], {"CHAT_PING_TIMEOUT": "400d"}),
    "environment_of_another_verb": (["version"], {"CHAT_LOG_LEVEL": "loud"}),
}


def said(binary, words, variables):
    """The command, its stdout, its stderr, its exit code, as one text."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CHAT_")}
    done = subprocess.run([binary, *words], text=True,
                          env={**inherited, "CHAT_CONFIG": "/dev/null", **variables},
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    set_first = "".join(f"{key}={value} " for key, value in variables.items())
    text = f"$ {set_first}{' '.join(['chat', *words])}\n{done.stdout}"
    if done.stderr:
        text += f"--- stderr\n{done.stderr}"
    text += f"--- exit code {done.returncode}\n"
    return re.sub(r'\((?:[0-9a-f]{12}|unknown)\)|(?<="commit":")[^"]+', "(COMMIT)", text)


def main():
    binary, approve = sys.argv[1], sys.argv[2:] == ["--approve"]
    compare("golden", HERE, {name: said(binary, words, variables) for name, (words, variables) in CASES.items()},
            approve)


main()
