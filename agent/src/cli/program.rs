//! Every command, argument and flag, as the parser is told of them.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, Command as Program, value_parser};
use clap_complete::Shell;
use tiendo_shared::period::ReportingPeriod;

use super::ROLES;
use crate::text::Lang;

/// The whole command line in a language.
pub(super) fn program(lang: Lang) -> Program {
    let program = Program::new("tiendo-agent")
        .version(env!("CARGO_PKG_VERSION"))
        .about(lang.about())
        .after_help(lang.exit_codes())
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .subcommand_help_heading(lang.heading_commands())
        .override_usage(lang.usage_program())
        .help_template(template(lang))
        .args(globals(lang))
        .arg(flag("version", lang.arg_version(), lang).short('V').action(ArgAction::Version));
    [
        command("enrol", lang.about_enrol(), lang.usage_enrol(), lang).args([
            path("token-file", lang.arg_token_file(), lang),
            option("token", lang.word_token(), lang.arg_token(), lang).conflicts_with("token-file"),
            option("role", lang.word_role(), lang.arg_role(), lang)
                .value_parser(PossibleValuesParser::new(ROLES))
                .hide_possible_values(true),
            flag("replace", lang.arg_replace(), lang),
            path("p12", lang.arg_p12(), lang),
        ]),
        command("due", lang.about_due(), lang.usage_due(), lang),
        command("template", lang.about_template(), lang.usage_template(), lang).args([
            option("period", lang.word_period(), lang.arg_period(), lang)
                .value_parser(|text: &str| text.parse::<ReportingPeriod>()),
            path("out", lang.arg_out(), lang),
            flag("force", lang.arg_force(), lang),
        ]),
        with_input(command("check", lang.about_check(), lang.usage_check(), lang), lang).arg(flag(
            "offline",
            lang.arg_offline(),
            lang,
        )),
        with_input(command("submit", lang.about_submit(), lang.usage_submit(), lang), lang).args([
            flag("confirm", lang.arg_confirm(), lang).alias("yes"),
            flag("all-or-nothing", lang.arg_all_or_nothing(), lang),
            flag("dry-run", lang.arg_dry_run(), lang),
        ]),
    ]
    .into_iter()
    .chain(of_ledger(lang))
    .fold(program, Program::subcommand)
}

/// Commands about what this computer keeps and does by itself.
fn of_ledger(lang: Lang) -> impl Iterator<Item = Program> {
    [
        command("run", lang.about_run(), lang.usage_run(), lang),
        service(lang),
        command("status", lang.about_status(), lang.usage_status(), lang).arg(flag(
            "send",
            lang.arg_send(),
            lang,
        )),
        command("receipts", lang.about_receipts(), lang.usage_receipts(), lang).args([
            argument("id", lang.word_id(), lang.arg_receipt(), lang),
            option("last", lang.word_number(), lang.arg_last(), lang)
                .value_parser(value_parser!(usize)),
        ]),
        command("verify", lang.about_verify(), lang.usage_verify(), lang).args([
            option("accept-key", lang.word_key(), lang.arg_accept_key(), lang),
            flag("trust", lang.arg_trust(), lang),
        ]),
        command("export", lang.about_export(), lang.usage_export(), lang).arg(
            argument("file", lang.word_file(), lang.arg_export(), lang)
                .required(true)
                .value_parser(value_parser!(PathBuf)),
        ),
        command("completions", lang.about_completions(), lang.usage_completions(), lang).arg(
            argument("shell", "SHELL", lang.arg_shell(), lang)
                .required(true)
                .value_parser(value_parser!(Shell))
                .hide_possible_values(true),
        ),
        command("repair", lang.about_repair(), lang.usage_repair(), lang).arg(flag(
            "release",
            lang.arg_release(),
            lang,
        )),
    ]
    .into_iter()
}

fn service(lang: Lang) -> Program {
    let (about, usage) = (lang.about_service_install(), lang.usage_service_install());
    command("service", lang.about_service(), lang.usage_service(), lang)
        .subcommand_required(true)
        .subcommand_help_heading(lang.heading_commands())
        .disable_help_subcommand(true)
        .subcommand(command("install", about, usage, lang).after_help("").args([
            flag("user", lang.arg_user(), lang),
            flag("dry-run", lang.arg_print(), lang).alias("print"),
        ]))
}

fn template(lang: Lang) -> String {
    format!("{{about}}\n\n{} {{usage}}\n\n{{all-args}}{{after-help}}\n", lang.heading_usage())
}

fn command(name: &'static str, about: &'static str, usage: &'static str, lang: Lang) -> Program {
    Program::new(name)
        .about(about)
        .override_usage(usage)
        .disable_help_flag(true)
        .help_template(template(lang))
        .after_help(examples(name, lang))
}

/// What a command is typed like.
fn examples(name: &str, lang: Lang) -> String {
    let lines: &[&str] = match name {
        "enrol" => &[
            "tiendo-agent enrol --server tiendo.angiang.gov.vn:7443",
            "tiendo-agent enrol --server tiendo.angiang.gov.vn:7443 --token-file token.txt",
        ],
        "due" => &["tiendo-agent due"],
        "template" => {
            &["tiendo-agent template", "tiendo-agent template --period 2026-Q3 --out bieu-mau.xlsx"]
        }
        "check" => &[
            "tiendo-agent check bieu-mau.xlsx",
            "tiendo-agent check so-lieu.csv --mapping so-lieu.toml --offline",
        ],
        "submit" => {
            &["tiendo-agent submit bieu-mau.xlsx", "tiendo-agent submit so-lieu.csv --job so-lieu"]
        }
        "run" => &["tiendo-agent run -v"],
        "service" => &["tiendo-agent service install", "tiendo-agent service install --user"],
        "status" => &["tiendo-agent status", "tiendo-agent status --send"],
        "receipts" => &[
            "tiendo-agent receipts --last 50",
            "tiendo-agent receipts 018f4e3a-9c1b-7d52-8b7e-3f2a9d1c5e60",
        ],
        "verify" => &["tiendo-agent verify"],
        "export" => &["tiendo-agent export so-sach.xlsx"],
        "repair" => &["tiendo-agent repair"],
        "completions" => &["tiendo-agent completions bash"],
        _ => &[],
    };
    let lines = lines.iter().map(|line| format!("\n  {line}"));
    let heading = lang.heading_examples();
    format!("{heading}{}", lines.collect::<String>())
}

fn globals(lang: Lang) -> Vec<Arg> {
    let options = vec![
        option("home", lang.word_folder(), lang.arg_home(), lang)
            .value_parser(ValueParser::path_buf()),
        option("lang", "vi|en", lang.arg_lang(), lang)
            .value_parser(PossibleValuesParser::new(["vi", "en"]))
            .hide_possible_values(true),
        flag("json", lang.arg_json(), lang),
        option("server", lang.word_address(), lang.arg_server(), lang).action(ArgAction::Append),
        option("department", lang.word_id(), lang.arg_department(), lang),
        option("agent", lang.word_id(), lang.arg_agent(), lang),
        flag("insecure-loopback", lang.arg_insecure(), lang),
        flag("verbose", lang.arg_verbose(), lang).short('v').action(ArgAction::Count),
        flag("help", lang.arg_help(), lang).short('h').action(ArgAction::Help),
    ];
    let global = |option: Arg| option.global(true).help_heading(lang.heading_globals());
    options.into_iter().map(global).collect()
}

fn with_input(program: Program, lang: Lang) -> Program {
    program.args([
        argument("file", lang.word_file(), lang.arg_file(), lang)
            .required(true)
            .value_parser(value_parser!(PathBuf)),
        option("job", lang.word_name(), lang.arg_job(), lang),
        path("mapping", lang.arg_mapping(), lang).conflicts_with("job"),
        path("rejects", lang.arg_rejects(), lang),
    ])
}

fn argument(name: &'static str, shown: &'static str, help: &'static str, lang: Lang) -> Arg {
    Arg::new(name).value_name(shown).help(help).help_heading(lang.heading_arguments())
}

fn flag(name: &'static str, help: &'static str, lang: Lang) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
        .help_heading(lang.heading_options())
}

fn option(name: &'static str, shown: &'static str, help: &'static str, lang: Lang) -> Arg {
    Arg::new(name).long(name).value_name(shown).help(help).help_heading(lang.heading_options())
}

fn path(name: &'static str, help: &'static str, lang: Lang) -> Arg {
    option(name, lang.word_file(), help, lang).value_parser(ValueParser::path_buf())
}
