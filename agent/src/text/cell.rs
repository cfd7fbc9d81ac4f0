//! Why a cell, row or sheet cannot be read, and what to do.

use super::{Lang, Told, say};
use crate::mapping::{Field, Reason, Refusal};
use crate::number;

impl Lang {
    /// Why a mapping or a form cannot take a cell, and what to do.
    pub(crate) fn cell_refusal(self, refusal: &Refusal) -> Told {
        let why = match self {
            Self::En => refusal.reason.to_string(),
            Self::Vi => in_vietnamese(&refusal.reason),
        };
        Told { why, accepted: refusal.accepted.clone(), todo: self.todo_of_cell(&refusal.reason) }
    }

    fn todo_of_cell(self, reason: &Reason) -> String {
        match reason {
            Reason::EmptySheet => {
                say!(self, "Chọn đúng trang tính", "Choose the sheet that holds the data")
            }
            Reason::HeadingsMissing { .. }
            | Reason::HeadingAmbiguous { .. }
            | Reason::NoHeadingFits { .. }
            | Reason::Unexpected { .. }
            | Reason::RowNotFound { .. } => say!(
                self,
                "Kiểm tra tệp có đúng mẫu không; nếu mẫu đã đổi, sửa cấu hình đọc tệp",
                "Check that it is the right file; if its layout changed, change the mapping"
            ),
            Reason::RowLength { .. } => say!(
                self,
                "Sửa số ô của dòng cho bằng số cột tiêu đề",
                "Give the row as many cells as there are headings"
            ),
            Reason::Number(number::Error::Undeclared) => say!(
                self,
                "Nhập lại thành số trong bảng tính, hoặc khai dạng số trong cấu hình đọc tệp",
                "Enter it as a number, or declare the number format in the mapping"
            ),
            Reason::Uncalculated => say!(
                self,
                "Mở tệp bằng chương trình bảng tính, lưu lại rồi gửi",
                "Open the file in a spreadsheet program, save it, and send it"
            ),
            Reason::CellError => {
                say!(self, "Sửa công thức trong ô này", "Correct the formula in the cell")
            }
            Reason::Percent { .. } => say!(
                self,
                "Đổi ô về dạng số và nhập như 81,25; hoặc khai `percent_cells`",
                "Format the cell as a number, such as 81.25; or declare `percent_cells`"
            ),
            Reason::ValueThoughMissing => say!(
                self,
                "Xóa giá trị, hoặc xóa lý do không có số liệu",
                "Clear the value, or the reason why there is none"
            ),
            Reason::Blank(Field::Value) => say!(
                self,
                "Điền giá trị, chọn lý do không có số liệu, hoặc để trống cả dòng",
                "Fill in the value, choose why there is none, or leave the whole row blank"
            ),
            Reason::Date(_) | Reason::PeriodDate(_) => say!(
                self,
                "Bảng tính đã đổi nội dung thành ngày: đổi ô về dạng số hoặc văn bản, nhập lại",
                "The spreadsheet program made it a date: format the cell as number or text, enter it again"
            ),
            _ => say!(self, "Sửa ô này rồi gửi lại", "Correct the cell and send again"),
        }
    }
}

fn in_vietnamese(reason: &Reason) -> String {
    match reason {
        Reason::EmptySheet => "Trang tính không có dữ liệu".to_owned(),
        Reason::HeadingsMissing { missing, found } => format!(
            "Không có cột tiêu đề {}; các tiêu đề hiện có: {}",
            quoted(missing),
            quoted(found)
        ),
        Reason::HeadingAmbiguous { heading, columns } => {
            format!("Tiêu đề `{heading}` đứng trên nhiều cột: {}", quoted(columns))
        }
        Reason::NoHeadingFits { pattern, found } => {
            format!("Không có tiêu đề dạng `{pattern}`; các tiêu đề hiện có: {}", quoted(found))
        }
        Reason::Unexpected { wanted } => format!("Ô này phải ghi `{wanted}`"),
        Reason::RowNotFound { wanted } => format!("Không có dòng nào ghi {wanted}"),
        Reason::RowLength { cells, headings } => {
            format!("Dòng có {cells} ô nhưng có {headings} cột tiêu đề")
        }
        Reason::Blank(field) => format!("{} để trống", capital(&name(field))),
        Reason::Unlisted(field) => format!("{} không có trong danh sách", capital(&name(field))),
        Reason::ValueThoughMissing => "Vừa có giá trị vừa có lý do không có số liệu".to_owned(),
        Reason::Period => "Không phải kỳ báo cáo".to_owned(),
        Reason::PeriodDate(day) => format!("Là ngày {day}, không phải kỳ báo cáo"),
        Reason::Number(error) => of_number(*error).to_owned(),
        Reason::Percent { shown } => {
            format!("Ô hiện là {shown}, chưa rõ là phần trăm hay tỷ số")
        }
        Reason::Date(day) => format!("Là ngày {day}, không phải số"),
        Reason::Time => "Là thời gian, không phải số".to_owned(),
        Reason::Truth => "Là giá trị đúng/sai, không phải số".to_owned(),
        Reason::CellError => "Ô báo lỗi".to_owned(),
        Reason::Uncalculated => "Công thức chưa có kết quả trong tệp".to_owned(),
        Reason::Unit => "Đơn vị tính khác với đơn vị đã khai".to_owned(),
        Reason::RankedAmong => "Tổng số được xếp hạng không phải số nguyên dương".to_owned(),
    }
}

fn of_number(error: number::Error) -> &'static str {
    match error {
        number::Error::NotANumber => "Không phải một số",
        number::Error::Undeclared => "Đọc được theo hai cách, mà dạng số chưa được khai",
        number::Error::Grouping => "Dấu phân nhóm hoặc dấu thập phân không đúng dạng số đã khai",
        number::Error::Scientific => "Viết dạng số mũ",
        number::Error::NotFinite => "Không phải số hữu hạn",
        number::Error::Parentheses => "Số trong ngoặc đơn, chưa rõ có phải số âm",
        number::Error::TooManyDigits => "Số có quá 28 chữ số",
    }
}

fn name(field: &Field) -> String {
    match field {
        Field::Indicator => "mã chỉ tiêu".to_owned(),
        Field::Period => "kỳ báo cáo".to_owned(),
        Field::Unit => "đơn vị tính".to_owned(),
        Field::Multiplier => "hệ số nhân".to_owned(),
        Field::Status => "trạng thái".to_owned(),
        Field::RankedAmong => "tổng số được xếp hạng".to_owned(),
        Field::Value => "giá trị".to_owned(),
        Field::Missing => "lý do không có số liệu".to_owned(),
        Field::Confirmed => "ô xác nhận thay đổi lớn".to_owned(),
        Field::Dimension(id) => format!("phân tổ `{id}`"),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).collect()
}

fn quoted(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}
