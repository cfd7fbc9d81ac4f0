//! What `export` and `repair` say.

use super::{phrases, sentences};

phrases! {
    ledger_waits =
        "Một lệnh `tiendo-agent` khác đang dùng sổ của máy này; chờ lệnh đó xong …",
        "Another `tiendo-agent` is using the ledger of this computer; waiting until it has ended …";
    export_sheet = "Đã gửi", "Sent";
    export_state = "Tình trạng", "State";
    column_department = "Đơn vị", "Department";
    column_dimensions = "Phân tổ", "Dimensions";
    column_value = "Giá trị", "Value";
    column_hash = "Mã băm", "Hash";
    column_comment = "Ghi chú", "Comment";
    repair_nothing = "Sổ của máy này không có chỗ hỏng nào.", "This computer's ledger is not damaged.";
    repair_ask =
        "Các lượt trên chưa từng được gửi, và bản ghi xác nhận gửi có thể nằm ở chỗ hỏng. Nếu các số liệu đó vẫn đúng, chạy `tiendo-agent repair --release` để gửi.",
        "These were never sent, and the record that says they may be is perhaps what was damaged. If the figures still hold, `tiendo-agent repair --release` sends them.";
}

sentences! {
    export_done(path: &str, submissions: u64, measurements: u64) =
        "Đã xuất {submissions} lượt gửi, {measurements} số liệu ra `{path}`.",
        "Wrote {submissions} submissions, {measurements} measurements to `{path}`.";
    export_exists(path: &str) =
        "Đã có tệp `{path}`, không ghi đè. Chọn tên khác.",
        "`{path}` exists and is not written over. Choose another name.";
    export_damaged(count: u64) =
        "CẢNH BÁO: {count} chỗ trong sổ bị hỏng nên không xuất được. Chạy `tiendo-agent repair`.",
        "WARNING: {count} places of the ledger are damaged and not in the file. Run `tiendo-agent repair`.";
    repair_damage(detail: &str, after: &str, before: &str) =
        "Đã để riêng một chỗ hỏng, ghi trong khoảng {after} đến {before}: {detail}",
        "Set a damaged place aside, written between {after} and {before}: {detail}";
    repair_fetched(count: usize) =
        "Đã lấy lại từ máy chủ số liệu của {count} lượt gửi, khớp với biên nhận.",
        "Had the figures of {count} submissions again from the server, as their receipts prove.";
    repair_missing(submission: &str) =
        "Lượt gửi `{submission}` máy chủ đã nhận, nhưng máy này không còn số liệu và chưa lấy lại được. Chạy lại `repair` khi liên lạc được với máy chủ.",
        "The server has submission `{submission}`, but its figures are gone here and could not be had again. Run `repair` again when the server can be reached.";
    repair_doubtful(submission: &str, file: &str, items: u32, at: &str) =
        "Lượt gửi `{submission}` từ tệp `{file}`: {items} số liệu, ghi sổ lúc {at}, chưa gửi.",
        "Submission `{submission}` from `{file}`: {items} measurements, recorded at {at}, not sent.";
    repair_released(count: usize) =
        "Sẽ gửi {count} lượt trên ở lần liên lạc tới.",
        "These {count} submissions will be sent at the next contact.";
    repair_done(count: usize) =
        "Đã để riêng {count} chỗ hỏng; các bản ghi còn lại vẫn dùng được. Số liệu nằm ở chỗ hỏng mà chưa gửi thì phải gửi lại từ tệp gốc.",
        "Set {count} damaged places aside; all other records are used. Figures that stood there and were not sent yet have to be submitted again from their file.";
    repair_waiting(count: usize) =
        "Đang chờ gửi: {count} lượt. Lượt nào máy chủ đã nhận thì nó trả lại đúng biên nhận cũ.",
        "Waiting to be sent: {count} submissions. For those the server has already, it gives the receipt it gave first.";
    verify_set_aside(count: u64) =
        "{count} chỗ hỏng đã được để riêng bằng `repair`.",
        "{count} damaged places were set aside by `repair`.";
}
