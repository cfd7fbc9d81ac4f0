//! What officers read of enrolment, certificates, and servers that are not the right one.

use jiff::Timestamp;
use tiendo_shared::token;
use tonic_types::StatusExt as _;

use super::{Lang, phrases, say, sentences};
use crate::clock;
use crate::identity::Bearer;
use crate::trust::Mistrust;

phrases! {
    ask_token =
        "Dán mã đăng ký quản trị viên đã cấp (không hiện trên màn hình), rồi nhấn Enter:",
        "Paste the join token the administrator handed out (it is not shown), then press Enter:";
    no_token =
        "Không có mã đăng ký nào được nhập. Dán mã khi được hỏi, hoặc dùng `--token-file`.",
        "No join token was given. Paste it when asked, or use `--token-file`.";
    enrol_insecure =
        "Đăng ký máy cần kết nối mã hóa, nhưng `insecure_loopback` đang bật. Bỏ nó khỏi dòng lệnh, agent.toml và biến môi trường.",
        "Enrolment is over TLS, but `insecure_loopback` is on. Remove it from the command line, agent.toml and the environment.";
    enrol_repeat =
        "Chạy lại lệnh này với cùng mã: mã không bị mất dù câu trả lời của máy chủ bị thất lạc.",
        "Run it again with the same token: it is not lost, even if the server's answer was.";
}

sentences! {
    token_unreadable(path: &str, cause: &str) =
        "Không đọc được mã đăng ký từ `{path}`: {cause}.",
        "The join token cannot be read from `{path}`: {cause}.";
    enrolled(bearer: &Bearer, until: &str) =
        "Máy này đã được đăng ký là `{bearer}`. Chứng thư có hiệu lực đến {until} và tự gia hạn.",
        "This computer is enrolled as `{bearer}`. Its certificate is valid until {until} and renews itself.";
    enrolled_before(bearer: &Bearer, until: &str) =
        "Máy này đã đăng ký là `{bearer}`, chứng thư đến {until}; không cần làm gì thêm. Muốn đăng ký lại với mã khác và khóa mới, thêm `--replace`.",
        "This computer is enrolled already as `{bearer}`, its certificate is valid until {until}; nothing has to be done. To enrol anew with another token and a new key, add `--replace`.";
    enrolled_role(given: &str, asked: &str) =
        "Mã này cấp vai trò `{given}`, không phải `{asked}`. Chưa đổi gì trên máy này; chạy lại với `--role {given}`, hoặc xin mã khác.",
        "This token gives the role `{given}`, not `{asked}`. Nothing was changed here; run it again with `--role {given}`, or ask for another token.";
    enrolled_files(authority: &str, certificate: &str, key: &str) =
        "Các tệp (giữ kín {key}): {authority}, {certificate}, {key}",
        "Files (keep {key} to yourself): {authority}, {certificate}, {key}";
    p12_written(file: &str, password: &str, until: &str) =
        "Đã ghi {file} để nhập vào trình duyệt, dùng đến {until}.\nMật khẩu của tệp (chỉ hiện một lần): {password}",
        "{file} is written, for a browser to import; it is good until {until}.\nThe password of the file (shown once): {password}";
    try_grpcurl(line: &str) = "Thử ngay:\n  {line}", "Try it:\n  {line}";
    next_template(department: &str) =
        "Máy này báo cáo cho đơn vị `{department}`. Tiếp theo: tiendo-agent template",
        "This computer reports for `{department}`. Next: tiendo-agent template";
    identity_unusable(cause: &str) =
        "Không dùng được chứng thư của máy này: {cause}. Xin mã đăng ký mới rồi chạy `tiendo-agent enrol`.",
        "The certificate of this computer cannot be used: {cause}. Ask for a new join token and run `tiendo-agent enrol`.";
    other_department(certified: &str, configured: &str) =
        "Chứng thư của máy này dành cho đơn vị `{certified}`, nhưng cấu hình ghi `{configured}`. Bỏ `department` khỏi cấu hình, hoặc đăng ký lại máy cho đơn vị kia.",
        "The certificate of this computer is for department `{certified}`, but the configuration says `{configured}`. Remove `department` from it, or enrol the computer for the other one.";
    not_renewed(until: &str, why: &str) =
        "Chưa gia hạn được chứng thư của máy này (hiệu lực đến {until}): {why} Sẽ thử lại ở lần liên lạc sau.",
        "The certificate of this computer (valid until {until}) was not renewed: {why} It is tried again at the next contact.";
    status_identity(bearer: &Bearer, until: &str) =
        "Đã đăng ký là `{bearer}`; chứng thư đến {until}, tự gia hạn",
        "Enrolled as `{bearer}`; certificate until {until}, renews itself";
    said_of(address: &str, what: &str) = "`{address}`: {what}", "`{address}`: {what}";
}

impl Lang {
    /// Why a text is no join token. Nothing was sent.
    pub(crate) fn token_wrong(self, error: token::Error) -> String {
        match error {
            token::Error::NotAToken => say!(
                self,
                "Đây không phải mã đăng ký: mã bắt đầu bằng `tiendo-`. Chép lại nguyên mã quản trị viên đã cấp.",
                "This is no join token: one begins with `tiendo-`. Copy the whole token the administrator handed out."
            ),
            token::Error::Incomplete(there) => say!(
                self,
                "Mã đăng ký bị thiếu: mới có {there} ký tự sau `tiendo-`, đủ là 90. Mã có thể bị ngắt thành nhiều dòng; chép lại cho đủ.",
                "The join token is incomplete: {there} characters after `tiendo-`, and 90 are needed. It may be broken into lines; copy all of it."
            ),
            token::Error::Mistyped => say!(
                self,
                "Mã đăng ký bị gõ sai (không khớp phần kiểm tra ở cuối). Chép và dán lại, hoặc so từng ký tự. Chưa gửi gì tới máy chủ.",
                "The join token is mistyped (its checksum does not fit). Copy and paste it, or compare it letter by letter. Nothing was sent to the server."
            ),
        }
    }

    /// Why whatever answered is not the server.
    pub(crate) fn mistrust(self, mistrust: &Mistrust) -> String {
        match mistrust {
            Mistrust::NotTls => say!(
                self,
                "Có chương trình trả lời, nhưng không mã hóa (TLS): sai cổng, không phải máy chủ Tiendo, hoặc máy chủ đang chạy thử. Không gửi gì.",
                "Something answers, but without encryption (TLS): the port is wrong, it is not a Tiendo server, or one under trial. Nothing was sent."
            ),
            Mistrust::OtherAuthority => say!(
                self,
                "Nơi trả lời không phải máy chủ của tỉnh: chứng thư của nó do nơi khác cấp. Không gửi gì cho nó. Kiểm tra địa chỉ; nếu đúng địa chỉ, báo ngay quản trị viên.",
                "What answers is not the province's server: its certificate is of another authority. Nothing was sent to it. Check the address; if it is right, tell the administrator at once."
            ),
            Mistrust::OtherName(names) => say!(
                self,
                "Chứng thư của máy chủ không ghi tên này; tên được ghi: {names}. Dùng một trong các tên đó với `--server`, hoặc báo quản trị viên.",
                "The server's certificate is not for this name, but for: {names}. Use one of these with `--server`, or tell the administrator."
            ),
            Mistrust::NotNow => {
                let now = clock::for_people(clock::now());
                say!(
                    self,
                    "Theo đồng hồ máy này ({now}), chứng thư của máy chủ chưa có hiệu lực hoặc đã hết hạn. Kiểm tra ngày giờ của máy; nếu đúng, báo quản trị viên.",
                    "By this computer's clock ({now}) the server's certificate is not valid yet, or no more. Check date and time here; if they are right, tell the administrator."
                )
            }
            Mistrust::OtherProtocol => say!(
                self,
                "Nơi trả lời có mã hóa nhưng không phải máy chủ Tiendo. Kiểm tra địa chỉ và cổng.",
                "What answers is encrypted, but no Tiendo server. Check address and port."
            ),
        }
    }

    /// That the clock of this computer is wrong, and what to do.
    pub(crate) fn clock_wrong(self, ahead: i64) -> String {
        let by = ahead.abs();
        let (unit, vi, en) = match by {
            0..7_200 => (60, "phút", "minutes"),
            7_200..172_800 => (3_600, "giờ", "hours"),
            _ => (86_400, "ngày", "days"),
        };
        let number = (by + unit / 2) / unit;
        match self {
            Self::Vi => {
                let side = if ahead > 0 { "nhanh" } else { "chậm" };
                format!(
                    "Đồng hồ máy này {side} {number} {vi} so với máy chủ. Chỉnh lại ngày giờ của máy: bật tự động đồng bộ giờ và chọn múi giờ Việt Nam (UTC+7)."
                )
            }
            Self::En => {
                let side = if ahead > 0 { "ahead of" } else { "behind" };
                format!(
                    "This computer's clock is {number} {en} {side} the server's. Set it: let it set itself over the network, and check the time zone (Viet Nam is UTC+7)."
                )
            }
        }
    }

    /// Why the server refuses whoever calls; none if it said something else.
    pub(crate) fn refused_identity(self, status: &tonic::Status) -> Option<String> {
        let info = status.get_details_error_info()?;
        let said = self.reason(&info.reason)?;
        let server: Option<Timestamp> =
            info.metadata.get("server_time").and_then(|time| time.parse().ok());
        let ahead = server.map(|server| clock::now().duration_since(server).as_secs());
        Some(match ahead.filter(|ahead| clock::is_off(*ahead)) {
            Some(ahead) => format!("{said} {}", self.clock_wrong(ahead)),
            None => said.to_owned(),
        })
    }

    fn reason(self, reason: &str) -> Option<&'static str> {
        self.reason_of_token(reason).or_else(|| self.reason_of_certificate(reason))
    }

    fn reason_of_token(self, reason: &str) -> Option<&'static str> {
        let (vi, en) = match reason {
            "TOKEN_UNKNOWN" => (
                "Máy chủ không biết mã đăng ký này. Kiểm tra đúng mã, hoặc xin quản trị viên mã mới.",
                "The server does not know this join token. Check that it is the right one, or ask the administrator for another.",
            ),
            "TOKEN_USED" => (
                "Mã đăng ký này đã được dùng cho máy khác; mỗi mã chỉ dùng một lần. Xin mã mới; nếu không phải đơn vị mình dùng, báo ngay quản trị viên.",
                "This join token was used by another computer; each is good for one. Ask for another; if it was not one of yours, tell the administrator at once.",
            ),
            "TOKEN_EXPIRED" => (
                "Mã đăng ký này đã hết hạn. Xin quản trị viên mã mới.",
                "This join token has expired. Ask the administrator for another.",
            ),
            "TOKEN_REVOKED" => (
                "Mã đăng ký này đã bị hủy. Hỏi quản trị viên.",
                "This join token was revoked. Ask the administrator.",
            ),
            "TOKEN_MISTYPED" | "TOKEN_FORM" => (
                "Máy chủ không đọc được mã đăng ký. Chép và dán lại.",
                "The server cannot read the join token. Copy and paste it again.",
            ),
            "TOKEN_FOREIGN" => (
                "Mã đăng ký này do máy chủ khác cấp. Kiểm tra địa chỉ máy chủ.",
                "This join token is of another server. Check the server's address.",
            ),
            "TOO_MANY_WRONG_TOKENS" => (
                "Từ địa chỉ này đã có quá nhiều mã đăng ký sai. Chờ ít phút rồi thử lại với đúng mã.",
                "Too many wrong join tokens came from this address. Wait some minutes, then try again with the right one.",
            ),
            "AGENT_NAME_FORM" => (
                "Tên máy không dùng được. Chọn tên với `--agent`: chữ không dấu, số, `.`, `_`, `-`, tối đa 63 ký tự.",
                "The name of this computer cannot be used. Choose one with `--agent`: letters, digits, `.`, `_`, `-`, at most 63.",
            ),
            "AGENT_NAME_BOUND" => (
                "Mã đăng ký này dành cho máy có tên khác. Bỏ `--agent` để dùng tên đã ghi trong mã.",
                "This join token is for another name. Leave `--agent` out to take the name it was made for.",
            ),
            "AGENT_NAME_TAKEN" => (
                "Trong đơn vị đã có máy dùng tên này. Chọn tên khác với `--agent`; nếu máy này thay máy cũ, xin mã ghi đúng tên đó.",
                "Another computer of the department has this name. Choose another with `--agent`; if this one follows it, ask for a token made for that name.",
            ),
            "KEY_TAKEN" => (
                "Khóa của máy này đã được cấp chứng thư dưới tên khác. Thêm `--replace` để đăng ký lại với khóa mới.",
                "The key of this computer is certified for another name. Add `--replace` to enrol anew with a new key.",
            ),
            _ => return None,
        };
        Some(if self == Self::Vi { vi } else { en })
    }

    fn reason_of_certificate(self, reason: &str) -> Option<&'static str> {
        let (vi, en) = match reason {
            "NOT_PERMITTED" => (
                "Vai trò hoặc đơn vị của máy này không được phép làm việc này. Hỏi quản trị viên.",
                "The role or department of this computer may not do this. Ask the administrator.",
            ),
            "NO_IDENTITY" => (
                "Máy chủ không nhận được chứng thư của máy này. Chạy `tiendo-agent enrol` với mã đăng ký của quản trị viên.",
                "The server saw no certificate of this computer. Run `tiendo-agent enrol` with a join token of the administrator.",
            ),
            "CERTIFICATE_FOREIGN" | "CERTIFICATE_UNKNOWN" => (
                "Máy chủ không biết chứng thư của máy này (có thể máy chủ đã được cài lại). Xin mã đăng ký mới rồi chạy `tiendo-agent enrol --replace`.",
                "The server does not know the certificate of this computer (it may have been set up anew). Ask for a new join token and run `tiendo-agent enrol --replace`.",
            ),
            "CERTIFICATE_EXPIRED" => (
                "Chứng thư của máy này đã hết hạn.",
                "The certificate of this computer has expired.",
            ),
            "CERTIFICATE_NOT_YET_VALID" => (
                "Theo giờ của máy chủ, chứng thư của máy này chưa có hiệu lực. Báo quản trị viên kiểm tra đồng hồ của máy chủ.",
                "By the server's clock the certificate of this computer is not valid yet. Tell the administrator to check the server's clock.",
            ),
            "IDENTITY_REVOKED" => (
                "Máy này đã bị quản trị viên thu hồi quyền. Hỏi quản trị viên; muốn dùng lại, xin mã đăng ký mới rồi chạy `tiendo-agent enrol --replace`.",
                "The administrator has revoked this computer. Ask why; to use it again, ask for a new join token and run `tiendo-agent enrol --replace`.",
            ),
            "RENEWAL_TOO_LATE" => (
                "Chứng thư của máy này hết hạn đã quá lâu, không gia hạn được nữa. Xin mã đăng ký mới rồi chạy `tiendo-agent enrol --replace`.",
                "The certificate of this computer ended too long ago to be renewed. Ask for a new join token and run `tiendo-agent enrol --replace`.",
            ),
            _ => return None,
        };
        Some(if self == Self::Vi { vi } else { en })
    }
}
