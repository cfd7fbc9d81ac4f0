//! Why a command could not be done, and what to do.

use tiendo_shared::journal;

use super::{Lang, say};
use crate::config::{Fault, Problem};
use crate::connection;
use crate::outbox;
use crate::push::Stopped;
use crate::push::retry::{Next, after_status};
use crate::reading::Failure;
use crate::trust;

impl Lang {
    /// One thing wrong with the configuration.
    pub(crate) fn problem(self, problem: &Problem) -> String {
        let said = match &problem.fault {
            Fault::Syntax(message) => {
                say!(self, "không phải TOML: {message}", "it is not TOML: {message}")
            }
            Fault::UnknownKey(word, near) => {
                let hint = near.map(|near| format!(" {}", self.did_you_mean(near)));
                let hint = hint.unwrap_or_default();
                say!(self, "không có khóa `{word}`.{hint}", "there is no key `{word}`.{hint}")
            }
            Fault::Value { key, accepted } => say!(
                self,
                "giá trị của `{key}` không dùng được; dạng được nhận: {accepted}",
                "the value of `{key}` cannot be used; accepted: {accepted}"
            ),
            Fault::Missing(key) => {
                say!(self, "công việc thiếu khóa `{key}`", "the job lacks the key `{key}`")
            }
            Fault::RepeatedJob(name) => {
                say!(self, "hai công việc cùng tên `{name}`", "two jobs are named `{name}`")
            }
            Fault::Conflict(one, other) => {
                say!(
                    self,
                    "`{one}` và `{other}` không dùng cùng nhau",
                    "`{one}` and `{other}` exclude each other"
                )
            }
            Fault::Cron(why) => say!(
                self,
                "lịch cron không dùng được ({why}); dạng được nhận: `\"phút giờ ngày tháng thứ\"`, ví dụ `\"0 7 * * 1-5\"`",
                "the cron pattern cannot be used ({why}); accepted: `\"minute hour day month weekday\"`, such as `\"0 7 * * 1-5\"`"
            ),
            Fault::OpenPassword => say!(
                self,
                "mật khẩu không được nằm trong `url`; dùng `password_file` hoặc `password_env`",
                "the password must not stand in `url`; use `password_file` or `password_env`"
            ),
        };
        format!("{}: {said}", problem.origin)
    }

    /// Why there is no way to the server.
    pub(crate) fn no_connection(self, error: &connection::Error) -> String {
        match error {
            connection::Error::NoServer => say!(
                self,
                "Chưa biết địa chỉ máy chủ. Thêm `server = \"TÊN:CỔNG\"` vào agent.toml, hoặc dùng `--server`.",
                "The address of the server is not known. Add `server = \"HOST:PORT\"` to agent.toml, or use `--server`."
            ),
            connection::Error::NoDepartment => self.no_department().to_owned(),
            connection::Error::NotEnrolled => say!(
                self,
                "Máy này chưa đăng ký với máy chủ. Xin quản trị viên mã đăng ký, rồi chạy `tiendo-agent enrol --server TÊN:CỔNG`.",
                "This computer is not enrolled. Ask the administrator for a join token, then run `tiendo-agent enrol --server HOST:PORT`."
            ),
            connection::Error::NotLoopback(address) => say!(
                self,
                "`--insecure-loopback` chỉ dùng với máy chủ trên chính máy này; `{address}` ở máy khác.",
                "`--insecure-loopback` is for a server on this computer; `{address}` is another one."
            ),
            connection::Error::Unusable(text, cause) => {
                say!(
                    self,
                    "`{text}` không dùng được: {cause}.",
                    "`{text}` cannot be used: {cause}."
                )
            }
        }
    }

    /// Why a file cannot be read to its end; `ours` is who reports.
    pub(crate) fn unreadable(self, failure: &Failure, file: &str, ours: &str) -> String {
        match failure {
            Failure::Source(error) => self.source_error(error),
            Failure::NotAForm => self.form_not_a_form(file),
            Failure::OtherVersion(version) => self.form_other_version(file, version),
            Failure::OtherDepartment(theirs) => self.form_other_department(file, theirs, ours),
            Failure::NoKeys => self.form_damaged(file),
            Failure::Broken => self.reading_broke(file),
        }
    }

    /// Why the ledger of this computer cannot be used.
    pub(crate) fn no_ledger(self, error: &outbox::Error) -> String {
        match error {
            outbox::Error::Journal(journal::Error::InUse { path }) => {
                let path = path.display();
                say!(
                    self,
                    "Một lệnh `tiendo-agent` khác đang dùng sổ này (`{path}`). Chờ lệnh đó xong rồi chạy lại.",
                    "Another `tiendo-agent` is using this ledger (`{path}`). Wait until it has ended."
                )
            }
            error => say!(
                self,
                "Không dùng được sổ của máy này: {error}. Kiểm tra ổ đĩa, dung lượng còn trống và quyền ghi.",
                "The ledger of this computer cannot be used: {error}. Check the disk, its free space and who may write."
            ),
        }
    }

    /// Why sending stopped, for the line that says what is safe.
    pub(crate) fn stopped(self, stopped: &Stopped) -> String {
        match stopped {
            Stopped::Away { status, .. } => self.away(status),
            Stopped::Refused(status) => self.server_said(status),
            Stopped::Distrusted(sequence) => self.server_distrusted(*sequence),
            Stopped::Ledger(error) => self.no_ledger(error),
        }
    }

    /// That the server cannot be reached or takes nothing for now, with the cause.
    pub(crate) fn away(self, status: &tonic::Status) -> String {
        if let Some(mistrust) = trust::mistrust(status) {
            return self.mistrust(&mistrust);
        }
        if connection::is_of_network(status) {
            let cause = connection::deepest(status);
            return say!(
                self,
                "Không liên lạc được với máy chủ ({cause}).",
                "The server cannot be reached ({cause})."
            );
        }
        if let Some(said) = self.refused_identity(status) {
            return said;
        }
        let cause = status.message();
        say!(
            self,
            "Máy chủ tạm thời chưa nhận ({cause}).",
            "The server takes nothing for now ({cause})."
        )
    }

    /// Why a call came to nothing, whatever the reason.
    pub(crate) fn unanswered(self, status: &tonic::Status) -> String {
        match after_status(status) {
            Next::Retry(_) => self.away(status),
            Next::Split | Next::Final | Next::Stop => self.server_said(status),
        }
    }

    /// What the server said instead of doing what it was asked.
    pub(crate) fn server_said(self, status: &tonic::Status) -> String {
        if let Some(said) = self.refused_identity(status) {
            return said;
        }
        let (code, message) = (status.code(), status.message());
        say!(
            self,
            "Máy chủ không nhận ({code:?}): {message}.",
            "The server refuses ({code:?}): {message}."
        )
    }
}
