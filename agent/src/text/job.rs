//! What the service and its jobs say.

use std::fmt::Display;

use super::{phrases, sentences};

phrases! {
    run_stopped = "Đã dừng. Những gì chưa gửi vẫn nằm trong sổ của máy này.", "Stopped. What was not sent is in this computer's ledger.";
    run_already =
        "Một lệnh `tiendo-agent run` khác đang chạy với thư mục này.",
        "Another `tiendo-agent run` is running with this folder.";
    run_not_reloaded =
        "Cấu hình mới có lỗi, nên các công việc cũ vẫn chạy như trước:",
        "The new configuration is wrong, so the old jobs go on as before:";
    run_in_contact = "Đã liên lạc lại được với máy chủ.", "In contact with the server again.";
    run_is_running = "Dịch vụ `tiendo-agent run` đang chạy.", "The service `tiendo-agent run` is running.";
    run_is_not_running =
        "Dịch vụ `tiendo-agent run` KHÔNG chạy: các công việc dưới đây không tự chạy.",
        "The service `tiendo-agent run` is NOT running: the jobs below do not run by themselves.";
    job_nothing = "không có số liệu nào để gửi.", "there is nothing to send.";
    job_unchanged = "số liệu như lần trước, không gửi lại.", "the same figures as the last time, not sent again.";
    job_watches = "luôn theo dõi", "always watched";
    job_disabled_word = "ĐÃ TẮT", "DISABLED";
    job_failed_word = "hỏng", "failed";
    job_good_word = "xong", "done";
    job_refused_word = "có dòng bị từ chối", "rows refused";
    job_never_ran = "chưa chạy lần nào", "has not run yet";
    column_job = "Công việc", "Job";
    column_next_run = "Lần chạy tới", "Next run";
    column_last_run = "Lần chạy trước", "Last run";
    column_outcome = "Kết quả", "Outcome";
    service_not_systemd =
        "Máy này không dùng systemd. Hãy cho dịch vụ của máy chạy lệnh sau khi khởi động, và khởi động lại nó nếu nó dừng:",
        "This computer does not use systemd. Let its own service manager run this at start, and start it again if it ends:";
    service_windows =
        "Trên Windows, chưa có dịch vụ cài sẵn. Dùng Task Scheduler: tạo một tác vụ chạy lúc khởi động máy (\"At startup\"), chọn \"Run whether user is logged on or not\" và \"If the task fails, restart every 1 minute\", với lệnh:",
        "There is no ready-made service for Windows yet. Use the Task Scheduler: make a task that runs \"At startup\", choose \"Run whether user is logged on or not\" and \"If the task fails, restart every 1 minute\", with the command:";
    service_installed =
        "Dịch vụ đã cài và đang chạy. Xem nhật ký: `journalctl -u tiendo-agent` (dịch vụ của người dùng: thêm `--user`). Sau khi sửa agent.toml: `systemctl reload tiendo-agent`.",
        "The service is installed and runs. Its log: `journalctl -u tiendo-agent` (a user's service: add `--user`). After a change of agent.toml: `systemctl reload tiendo-agent`.";
    service_linger =
        "Dịch vụ của người dùng chỉ chạy khi người đó đăng nhập. Để chạy cả khi không đăng nhập: `loginctl enable-linger`.",
        "A user's service runs only while the user is logged in. To let it run always: `loginctl enable-linger`.";
    service_dry = "Chưa cài gì. Tệp dịch vụ sẽ là:", "Nothing was installed. The unit would be:";
    service_no_path =
        "Đường dẫn có ký tự xuống dòng không dùng được trong tệp dịch vụ.",
        "A path with a line break cannot be used in a unit.";
}

sentences! {
    run_started(count: usize) =
        "Bắt đầu, {count} công việc tự chạy.", "Started, {count} jobs run by themselves.";
    run_reloaded(count: usize) =
        "Đã đọc lại cấu hình, {count} công việc tự chạy.",
        "The configuration was read again, {count} jobs run by themselves.";
    run_away(why: &str) =
        "{why} Các công việc vẫn chạy và ghi vào sổ của máy này; sẽ gửi khi liên lạc lại được.",
        "{why} Jobs go on and write to this computer's ledger; it is sent when the server is back.";
    job_disabled(name: &str, why: &str) =
        "Công việc `{name}` tạm tắt: {why} Sửa cấu hình rồi nạp lại (`systemctl reload tiendo-agent`), hoặc khởi động lại dịch vụ. Các công việc khác vẫn chạy.",
        "Job `{name}` is disabled: {why} Correct its configuration and reload (`systemctl reload tiendo-agent`), or start the service anew. The other jobs go on.";
    job_made_up(name: &str, missed: u32) =
        "Công việc `{name}` chạy bù một lần: trước đó đã lỡ {missed} lần theo lịch.",
        "Job `{name}` makes up for what was missed, once: {missed} planned runs before did not take place.";
    job_again(name: &str, why: &str, at: &str) =
        "Công việc `{name}`: {why} Thử lại lúc {at}.",
        "Job `{name}`: {why} Trying again at {at}.";
    job_recorded(good: u64) =
        "đã ghi {good} số liệu vào sổ của máy này để gửi.",
        "{good} measurements are in this computer's ledger, to be sent.";
    job_refused(count: u64, report: &dyn Display) =
        "Máy này từ chối {count} dòng, xem `{report}`.",
        "This computer refuses {count} rows, see `{report}`.";
    job_refused_by_server(rows: u64, file: &str, report: &dyn Display) =
        "Máy chủ từ chối {rows} dòng của `{file}`, xem `{report}`.",
        "The server refuses {rows} rows of `{file}`, see `{report}`.";
    job_file_unreadable(path: &dyn Display, cause: &dyn Display) =
        "Không dùng được `{path}`: {cause}.", "`{path}` cannot be used: {cause}.";
    job_failures(count: u32) = "hỏng {count} lần liên tiếp", "failed {count} times in a row";
    command_not_started(program: &str, cause: &dyn Display) =
        "Không chạy được `{program}`: {cause}.", "`{program}` cannot be started: {cause}.";
    command_late(program: &str, seconds: u64) =
        "`{program}` chạy quá {seconds} giây nên bị dừng.",
        "`{program}` took longer than {seconds} seconds and was stopped.";
    command_too_long(program: &str, most: u64) =
        "`{program}` in ra nhiều hơn {most} byte (`max_bytes`), nên không nhận.",
        "`{program}` printed more than {most} bytes (`max_bytes`), so nothing is taken.";
    command_failed(program: &str, code: &str, tail: &str) =
        "`{program}` kết thúc với mã {code}; lỗi in ra: {tail}",
        "`{program}` ended with code {code}; it complained: {tail}";
    query_late(seconds: u64) =
        "Cơ sở dữ liệu không trả lời trong {seconds} giây (`timeout`).",
        "The database did not answer within {seconds} seconds (`timeout`).";
    query_too_long(most: u64) =
        "Câu truy vấn trả về nhiều hơn {most} dòng (`max_rows`), nên không nhận.",
        "The query returns more than {most} rows (`max_rows`), so nothing is taken.";
    query_no_text(column: &str) =
        "Cột `{column}` không phải văn bản, số hay ngày; hãy đổi kiểu trong câu truy vấn.",
        "The column `{column}` is no text, number or day; convert it in the query.";
    query_failed(cause: &str) =
        "Cơ sở dữ liệu không trả lời được: {cause}.", "The database fails: {cause}.";
    no_variable(name: &str) =
        "Không có biến môi trường `{name}` chứa mật khẩu.",
        "There is no environment variable `{name}` with the password.";
    service_written(path: &dyn Display) = "Đã ghi `{path}`.", "Wrote `{path}`.";
    service_failed(command: &str, cause: &str) =
        "`{command}` không chạy được: {cause}", "`{command}` failed: {cause}";
}
