//! What commands say of what they did.

use super::{phrases, sentences};

phrases! {
    no_department =
        "Chưa biết mã đơn vị. Thêm `department = \"MÃ\"` vào agent.toml, hoặc dùng `--department`.",
        "The department is not known. Add `department = \"ID\"` to agent.toml, or use `--department`.";
    configuration_wrong = "Cấu hình sai:", "The configuration is wrong:";
    no_catalogue =
        "Máy này chưa có danh mục chỉ tiêu. Chạy lại khi liên lạc được với máy chủ.",
        "This computer has no catalogue yet. Run it again when the server can be reached.";
    checked_here_only =
        "Chỉ mới kiểm tra trên máy này; máy chủ còn so với số liệu đã có.",
        "Checked on this computer alone; the server also compares with what it has.";
    checked_by_server = "Đã hỏi máy chủ.", "The server was asked.";
    nothing_sent = "Chưa gửi gì.", "Nothing was sent.";
    nothing_to_send = "Không có số liệu nào để gửi.", "There is nothing to send.";
    nothing_sent_all_or_nothing =
        "Có dòng bị từ chối, nên không gửi gì (`--all-or-nothing`).",
        "Rows are refused, so nothing was sent (`--all-or-nothing`).";
    too_long_for_one =
        "Tệp dài quá một lượt gửi, nên không dùng được `--all-or-nothing`. Không gửi gì.",
        "The file is longer than one submission, so `--all-or-nothing` cannot be used. Nothing was sent.";
    nothing_waits = "Không có lượt gửi nào đang chờ.", "Nothing waits to be sent.";
    returned_unknown =
        "Chưa hỏi được máy chủ xem có báo cáo nào bị trả lại không.",
        "The server could not be asked whether a report was returned.";
    never_in_contact =
        "Máy này chưa từng liên lạc với máy chủ.",
        "This computer has never been in contact with the server.";
    no_receipts = "Chưa có biên nhận nào.", "There are no receipts yet.";
    signature_good = "đúng", "good";
    signature_bad = "SAI", "BAD";
    signature_unknown = "chưa có khóa", "no key";

    column_file = "Tệp", "File";
    column_sheet = "Trang", "Sheet";
    column_row = "Dòng", "Row";
    column_column = "Cột", "Column";
    column_raw = "Nội dung ô", "Cell content";
    column_indicator = "Chỉ tiêu", "Indicator";
    column_period = "Kỳ", "Period";
    column_why = "Vì sao bị từ chối", "Why it is refused";
    column_accepted = "Dạng được nhận", "Accepted form";
    column_todo = "Cần làm", "What to do";
    column_detail = "Chi tiết", "Detail";
    column_code = "Mã lý do", "Reason code";
    column_submission = "Lượt gửi", "Submission";
    column_since = "Ghi sổ lúc", "Recorded at";
    column_items = "Số liệu", "Measurements";
    column_sequence = "Số", "No.";
    column_received = "Máy chủ nhận lúc", "Received at";
    column_accepted_count = "Mới", "New";
    column_revised = "Điều chỉnh", "Revised";
    column_unchanged = "Không đổi", "Unchanged";
    column_rejected = "Từ chối", "Refused";
    column_signature = "Chữ ký", "Signature";

    progress_sending = "Đang gửi", "Sending";
    progress_reading = "Đang đọc", "Reading";
    rejects_sheet = "Từ chối", "Refused";
    rejects_suffix = "-tu-choi", "-refused";
}

sentences! {
    template_done(path: &str, period: &str, indicators: usize, rows: usize) =
        "Đã tạo biểu mẫu `{path}` cho kỳ {period}: {indicators} chỉ tiêu, {rows} dòng.",
        "Wrote the form `{path}` for {period}: {indicators} indicators, {rows} rows.";
    template_next(path: &str) =
        "Điền các ô không tô màu, lưu lại, rồi chạy: tiendo-agent submit \"{path}\"",
        "Fill in the cells without colour, save, then run: tiendo-agent submit \"{path}\"";
    template_none(department: &str, period: &str) =
        "Đơn vị `{department}` không có chỉ tiêu nào báo cáo theo kỳ `{period}`.",
        "Department `{department}` reports no indicator for a period like `{period}`.";
    file_exists(path: &str) =
        "Đã có tệp `{path}`. Dùng `--force` để ghi đè, hoặc `--out` để chọn tên khác.",
        "`{path}` exists. Use `--force` to write over it, or `--out` for another name.";
    cannot_write(path: &str, cause: &str) =
        "Không ghi được `{path}`: {cause}.", "`{path}` cannot be written: {cause}.";
    unknown_department(id: &str) =
        "Danh mục không có đơn vị `{id}`.", "The catalogue has no department `{id}`.";
    unknown_job(name: &str, known: &str) =
        "agent.toml không có công việc `{name}`; hiện có: {known}.",
        "agent.toml has no job `{name}`; it has: {known}.";
    mapping_wrong(place: &str, message: &str) =
        "Cấu hình đọc tệp sai ({place}): {message}", "The mapping is wrong ({place}): {message}";
    old_catalogue(version: &str) =
        "Dùng danh mục chỉ tiêu đã lưu trên máy này, phiên bản {version}.",
        "Using the catalogue kept on this computer, version {version}.";
    form_of_other_catalogue(form: &str, now: &str) =
        "Biểu mẫu được tạo với danh mục phiên bản {form}, nay là {now}. Nên tạo biểu mẫu mới cho kỳ sau.",
        "The form was made with catalogue {form}, now it is {now}. Make a new form for the next period.";
    read_summary(file: &str, measurements: u64, unread: u64) =
        "{file}: đọc được {measurements} số liệu, {unread} ô không đọc được.",
        "{file}: {measurements} measurements read, {unread} cells not readable.";
    blank_summary(blank: u64) =
        "{blank} dòng của biểu mẫu để trống.", "{blank} rows of the form were left blank.";
    check_summary(good: u64, refused: u64) =
        "Được nhận: {good}. Bị từ chối: {refused}.", "Good: {good}. Refused: {refused}.";
    more_refused(count: u64) =
        "… và {count} dòng khác, xem trong tệp từ chối.", "… and {count} more, in the file of refused rows.";
    rejects_written(path: &str) =
        "Các dòng bị từ chối đã ghi vào `{path}`.", "The refused rows are in `{path}`.";
    answer_summary(accepted: u64, revised: u64, unchanged: u64, rejected: u64) =
        "Máy chủ đã nhận: mới {accepted}, điều chỉnh {revised}, không đổi {unchanged}; từ chối {rejected}.",
        "The server took: new {accepted}, revised {revised}, unchanged {unchanged}; refused {rejected}.";
    receipt_one(number: u64) =
        "Biên nhận số {number} trong sổ của máy chủ.",
        "Receipt number {number} in the server's ledger.";
    receipts_range(count: usize, first: u64, last: u64) =
        "{count} biên nhận, số {first} đến {last} trong sổ của máy chủ.",
        "{count} receipts, numbers {first} to {last} in the server's ledger.";
    waiting_first(count: usize) =
        "Gửi trước {count} lượt đang chờ từ các lần trước.",
        "Sending {count} submissions first that wait from earlier.";
    saved_not_sent(count: usize) =
        "Không mất gì: {count} lượt gửi đã được ghi an toàn vào sổ của máy này và sẽ được gửi ở lần chạy `submit` hoặc `status --send` tới.",
        "Nothing is lost: {count} submissions are safe in this computer's ledger and will be sent by the next `submit` or `status --send`.";
    retrying(seconds: f64, why: &str) =
        "{why} Thử lại sau {seconds:.1} giây.", "{why} Trying again in {seconds:.1} seconds.";
    failed_whole(id: &str, message: &str) =
        "Lượt gửi `{id}` bị từ chối toàn bộ: {message}. Số liệu vẫn còn trong sổ của máy này; sửa tệp rồi gửi lại.",
        "Submission `{id}` was refused as a whole: {message}. It is still in this computer's ledger; correct the file and send it again.";
    ask_confirm(count: usize) =
        "{count} số liệu thay đổi lớn bất thường (ở trên). Đã kiểm tra và xác nhận đúng? [c/K]",
        "{count} measurements changed implausibly (above). Did you check them, and are they right? [y/N]";
    confirmed_sent(count: usize) =
        "Đã xác nhận và gửi lại {count} số liệu thay đổi lớn.",
        "Confirmed and sent again: {count} large changes.";
    ledger_damaged(count: usize, detail: &str) =
        "CẢNH BÁO: sổ của máy này có {count} chỗ hỏng ({detail}). Phần còn lại vẫn dùng được; báo quản trị viên.",
        "WARNING: this computer's ledger is damaged in {count} places ({detail}). The rest is used; tell the administrator.";
    clock_skew(seconds: i64) =
        "Đồng hồ máy này lệch {seconds} giây so với máy chủ (dương là nhanh hơn).",
        "This computer's clock is {seconds} seconds off the server's (positive: ahead).";
    key_changed(key: &str) =
        "CẢNH BÁO: máy chủ ký biên nhận bằng khóa khác với khóa đã tin. Có thể máy chủ đã được cài lại, hoặc đây không phải máy chủ của tỉnh. Hỏi quản trị viên xem khóa của máy chủ có đúng là khóa dưới đây; nếu đúng, chạy:\n  tiendo-agent verify --accept-key {key}",
        "WARNING: the server signs receipts with another key than the one that is trusted. It may have been set up anew, or it is not the province's server. Ask the administrator whether its key is the one below; if so, run:\n  tiendo-agent verify --accept-key {key}";
    key_trusted(key: &str) =
        "Từ nay tin khóa ký `{key}` của máy chủ.", "The server's signing key `{key}` is trusted from now on.";
    key_not_seen(key: &str) =
        "Máy này chưa từng thấy máy chủ dùng khóa `{key}`. Chép lại nguyên khóa trong cảnh báo.",
        "This computer has never seen the server use the key `{key}`. Copy the key from the warning.";
    key_unknown(key: &str, since: &str) =
        "Khóa chưa được tin, thấy từ {since}: {key}", "Key that is not trusted, seen since {since}: {key}";
    server_lost(count: usize) =
        "CẢNH BÁO: máy chủ không còn {count} lượt gửi mà nó đã cấp biên nhận (có thể vừa khôi phục từ bản sao cũ). Gửi lại từ sổ của máy này; báo quản trị viên.",
        "WARNING: the server no longer has {count} submissions it gave receipts for (it may be restored from an old backup). Sending them again from this computer's ledger; tell the administrator.";
    server_rewrote(sequence: u64) =
        "CẢNH BÁO: SỔ CỦA MÁY CHỦ ĐÃ BỊ SỬA: biên nhận số {sequence} nay khác với biên nhận máy này đang giữ, dù vẫn cùng một khóa ký. Máy này không gửi gì cho máy chủ nữa; báo quản trị viên.",
        "WARNING: THE SERVER'S LEDGER WAS CHANGED: receipt no. {sequence} now differs from the one kept here, under the same key. This computer sends nothing to the server any more; tell the administrator.";
    server_distrusted(sequence: u64) =
        "Không tin máy chủ nữa vì biên nhận số {sequence} của nó đã bị sửa. Khi quản trị viên đã làm rõ, chạy `tiendo-agent verify --trust`.",
        "The server is not trusted, as its receipt no. {sequence} was changed. Once the administrator has cleared it up, run `tiendo-agent verify --trust`.";
    trusted_again(sequence: u64) =
        "Từ nay lại tin máy chủ, với biên nhận số {sequence} như nó đang có. Việc này đã ghi vào sổ của máy này.",
        "The server is trusted again, with receipt no. {sequence} as it has it now. This is recorded in this computer's ledger.";
    status_server(address: &str) = "Máy chủ: {address}", "Server: {address}";
    status_servers(addresses: &str) =
        "Các máy chủ đã biết: {addresses}", "Known servers: {addresses}";
    status_department(id: &str, agent: &str) =
        "Đơn vị: {id} (máy: {agent})", "Department: {id} (computer: {agent})";
    status_contact(at: &str, version: &str, catalogue: &str) =
        "Liên lạc gần nhất: {at}; máy chủ {version}, danh mục {catalogue}",
        "Last contact: {at}; server {version}, catalogue {catalogue}";
    status_failure(at: &str, why: &str) =
        "Lần hỏng gần nhất: {at}: {why}", "Last failure: {at}: {why}";
    status_waiting(submissions: usize, items: u64) =
        "Đang chờ gửi: {submissions} lượt, {items} số liệu",
        "Waiting to be sent: {submissions} submissions, {items} measurements";
    status_answered(answered: u64, failed: u64) =
        "Máy chủ đã trả lời {answered} lượt gửi; {failed} lượt bị từ chối toàn bộ.",
        "The server has answered {answered} submissions; {failed} were refused as a whole.";
    status_returned(period: &str, reviewer: &str, at: &str, reason: &str) =
        "Báo cáo kỳ {period} bị trả lại ({reviewer}, {at}): “{reason}”. Sửa số liệu rồi gửi lại.",
        "The report of {period} was returned ({reviewer}, {at}): “{reason}”. Correct it and send it again.";
    status_finding(period: &str, finding: &str) =
        "Báo cáo kỳ {period}, cần xem lại: {finding}",
        "The report of {period}, to be looked at again: {finding}";
    no_such_receipt(id: &str) =
        "Sổ của máy này không có lượt gửi `{id}`.",
        "This computer's ledger has no submission `{id}`.";
    verify_summary(records: u64, receipts: u64) =
        "Sổ của máy này: {records} bản ghi, {receipts} biên nhận.",
        "This computer's ledger: {records} records, {receipts} receipts.";
    verify_finding(id: &str, finding: &str) =
        "Lượt gửi `{id}`: {finding}", "Submission `{id}`: {finding}";
    detail_prepared(id: &str, file: &str, measurements: u32, at: &str) =
        "Lượt gửi `{id}` từ tệp `{file}`: {measurements} số liệu, ghi sổ lúc {at}.",
        "Submission `{id}` from `{file}`: {measurements} measurements, recorded at {at}.";
    detail_hashes(hash: &str, previous: &str) =
        "Mã băm: {hash}\nMã băm của mục trước: {previous}",
        "Hash: {hash}\nHash of the entry before: {previous}";
    reading_broke(file: &str) =
        "Chương trình bị lỗi khi đọc `{file}`. Báo quản trị viên kèm tệp này.",
        "The program failed while reading `{file}`. Send the file to the administrator.";
    more(count: usize) = "… và {count} nữa", "… and {count} more";
}

phrases! {
    nothing_to_trust =
        "Không có gì nghi ngờ máy chủ.", "Nothing speaks against the server.";
    detail_no_receipt = "Chưa có biên nhận.", "There is no receipt yet.";
    verify_good =
        "Không có chỗ hỏng; mọi biên nhận khớp với số liệu đã gửi.",
        "Nothing is damaged; every receipt fits what was sent.";
    verify_bad =
        "Sổ hoặc biên nhận có chỗ không khớp (ở trên).",
        "The ledger or a receipt does not fit (above).";
    verify_no_key =
        "Chưa có khóa của máy chủ, nên chưa kiểm tra được chữ ký.",
        "The server's key is not known, so signatures could not be checked.";
    finding_signature = "chữ ký không phải của máy chủ", "the signature is not the server's";
    finding_hash =
        "biên nhận không phải cho số liệu đã gửi",
        "the receipt is not for what was sent";
    finding_link =
        "không nối tiếp biên nhận trước",
        "it does not follow from the receipt before";
    finding_gone =
        "số liệu đã gửi không còn đọc được trong sổ",
        "what was sent can no longer be read from the ledger";
}
