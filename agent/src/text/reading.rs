//! Why a file cannot be read, in Vietnamese; the errors themselves speak English.

use super::{Lang, say};
use crate::source::{Error, Found, Warning};

impl Lang {
    /// Why a file cannot be read, and what to do.
    pub(crate) fn source_error(self, error: &Error) -> String {
        match self {
            Self::En => error.to_string(),
            Self::Vi => in_vietnamese(error),
        }
    }

    /// What the officer should know of a file that can be read.
    pub(crate) fn source_warning(self, warning: Warning) -> String {
        match warning {
            Warning::OldExcel => say!(
                self,
                "tệp .xls kiểu cũ không cho biết ô nào là phần trăm: lưu lại thành .xlsx, hoặc đối chiếu số liệu với tệp gốc",
                "an old xls file does not tell percentages from other numbers: save it as xlsx, or compare the figures with the file"
            ),
        }
    }
}

fn in_vietnamese(error: &Error) -> String {
    match error {
        Error::NotFound { file } => format!("Không có tệp `{file}`. Kiểm tra lại tên và thư mục."),
        Error::Folder { file } => format!("`{file}` là thư mục, không phải tệp."),
        Error::Denied { file } => {
            format!("Không được phép đọc `{file}`. Kiểm tra quyền truy cập của tài khoản này.")
        }
        Error::Empty { file } => {
            format!("Tệp `{file}` rỗng: chưa được ghi, hoặc đang được ghi dở.")
        }
        Error::OwnerFile { file } => {
            format!("`{file}` chỉ là tệp đánh dấu bảng tính đang mở. Chọn chính bảng tính đó.")
        }
        Error::InUse { file, lock } => format!(
            "`{file}` đang mở trong chương trình khác (`{lock}`). Lưu và đóng tệp rồi chạy lại."
        ),
        Error::HalfWritten { file, detail } => format!(
            "`{file}` bị cắt cụt hoặc hỏng ({detail}). Sao chép hoặc lưu lại tệp rồi chạy lại."
        ),
        Error::Changing { file } => {
            format!("`{file}` bị thay đổi trong lúc đọc. Chờ ghi xong rồi chạy lại.")
        }
        Error::PasswordProtected { file } => {
            format!("`{file}` có mật khẩu. Lưu lại không đặt mật khẩu.")
        }
        Error::NotASpreadsheet { file, found } => {
            let found = kind_of(*found);
            format!("`{file}` không phải tệp xlsx, ods, xls hay csv mà là {found}.")
        }
        Error::ZipBomb { .. }
        | Error::TooBig { .. }
        | Error::TooManyRows { .. }
        | Error::TooManyColumns { .. }
        | Error::CellTooLong { .. } => too_much(error),
        Error::NoSuchSheet { file, wanted, present } => format!(
            "`{file}` không có trang tính `{wanted}`; các trang hiện có: {}.",
            quoted(present)
        ),
        Error::SheetNotNamed { file, present } => {
            format!("`{file}` có nhiều trang tính; chỉ rõ một trang trong: {}.", quoted(present))
        }
        Error::BadBytes { file, line, offset, encoding } => format!(
            "`{file}`, dòng {line}: byte ở vị trí {offset} không thuộc bảng mã {encoding}. Lưu lại tệp dạng UTF-8, hoặc khai bảng mã, ví dụ `windows-1258`."
        ),
        Error::EncodingUndeclared { file, seems } => {
            format!("`{file}` có vẻ dùng bảng mã {seems}. Khai bảng mã, hoặc lưu lại dạng UTF-8.")
        }
        Error::AmbiguousDelimiter { file, candidates } => {
            format!("`{file}`: dấu ngăn cột có thể là {}. Khai rõ dấu nào.", quoted(candidates))
        }
        Error::UnclosedQuote { file, row, column } => {
            format!("`{file}`: dấu ngoặc kép ở ô {column}{row} không được đóng.")
        }
        Error::Unreadable { file, sheet, detail } => {
            format!("Không đọc được `{file}`{}: {detail}.", of(sheet))
        }
        Error::Io { file, source } => format!("Không đọc được `{file}`: {source}."),
    }
}

fn kind_of(found: Found) -> &'static str {
    match found {
        Found::Pdf => "tệp PDF",
        Found::Markup => "trang web hoặc XML; mở bằng chương trình bảng tính rồi lưu thành .xlsx",
        Found::Xlsb => "bảng tính nhị phân (.xlsb); lưu lại thành .xlsx",
        Found::OtherOffice => "loại tài liệu hoặc tệp nén khác",
        Found::Text => "văn bản mang tên của loại tệp khác",
        Found::Binary => "loại tệp khác",
    }
}

fn too_much(error: &Error) -> String {
    match error {
        Error::ZipBomb { file, unpacked, limit } => format!(
            "`{file}` giải nén ra {unpacked} byte, quá mức cho phép {limit} byte; tệp có thể độc hại."
        ),
        Error::TooBig { file, size, limit } => {
            format!("`{file}` có {size} byte, quá mức cho phép {limit} byte. Chia thành nhiều tệp.")
        }
        Error::TooManyRows { file, sheet, limit } => {
            format!("`{file}`{} có quá {limit} dòng. Chia thành nhiều tệp.", of(sheet))
        }
        Error::TooManyColumns { file, sheet, row, limit } => {
            format!("`{file}`{}, dòng {row} có quá {limit} cột.", of(sheet))
        }
        Error::CellTooLong { file, sheet, row, column, limit } => {
            format!("`{file}`{}, ô {column}{row} có quá {limit} ký tự.", of(sheet))
        }
        other => other.to_string(),
    }
}

fn of(sheet: &str) -> String {
    if sheet.is_empty() { String::new() } else { format!(", trang `{sheet}`") }
}

fn quoted(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}
