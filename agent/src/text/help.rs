//! What `--help` says, and what is said of a wrong command line.

use super::{phrases, sentences};

phrases! {
    about =
        "Chương trình của đơn vị trong hệ thống Tiendo: đọc tệp số liệu, kiểm tra và gửi về tỉnh",
        "A department's program of Tiendo: reads a file of figures, checks it, sends it to the province";
    about_enrol =
        "Đăng ký máy này với máy chủ bằng mã đăng ký của quản trị viên",
        "Enrol this computer with a join token of the administrator";
    about_due =
        "Xem đơn vị còn phải gửi báo cáo nào và hạn gửi, báo cáo quá hạn đứng đầu",
        "Show which reports the department still owes and by when, late ones first";
    about_template =
        "Tạo biểu mẫu Excel gồm đúng các chỉ tiêu đơn vị phải báo cáo",
        "Make an Excel form with exactly the indicators the department reports";
    about_check =
        "Kiểm tra tệp số liệu, không gửi gì",
        "Check a file of figures and send nothing";
    about_submit =
        "Kiểm tra tệp, ghi vào sổ của máy này, rồi gửi về máy chủ",
        "Check a file, write it to this computer's ledger, then send it to the server";
    about_status =
        "Xem lượt gửi nào đang chờ và vì sao, lần liên lạc gần nhất với máy chủ",
        "Show what waits to be sent and why, and the last contact with the server";
    about_receipts =
        "Xem biên nhận của máy chủ và kiểm tra chữ ký",
        "Show the server's receipts and check their signatures";
    about_verify =
        "Kiểm tra sổ của máy này: không hỏng, biên nhận khớp với số liệu đã gửi",
        "Check this computer's ledger: undamaged, and receipts fit what was sent";
    about_export =
        "Xuất mọi số liệu từng ghi vào sổ của máy này, kèm biên nhận, ra tệp Excel, CSV hoặc JSON",
        "Write everything ever recorded in this computer's ledger, with receipts, to Excel, CSV or JSON";
    about_repair =
        "Để riêng các chỗ hỏng của sổ, lấy lại từ máy chủ những gì lấy được, nói rõ mất gì",
        "Set damage in the ledger aside, get back from the server what can be had, say what is lost";

    about_run =
        "Chạy liên tục: lấy số liệu theo lịch trong agent.toml, ghi sổ và gửi",
        "Run on and on: fetch figures as agent.toml plans, record and send them";
    about_service =
        "Cài `run` thành dịch vụ của hệ thống (systemd)",
        "Make `run` a service of the system (systemd)";
    about_service_install = "Cài và khởi động dịch vụ", "Install and start the service";

    about_completions =
        "In tập lệnh để shell tự điền tên lệnh và tùy chọn",
        "Print the script by which a shell completes commands and options";
    arg_shell = "bash, zsh, fish, powershell hoặc elvish", "bash, zsh, fish, powershell or elvish";
    usage_completions =
        "tiendo-agent completions <SHELL>", "tiendo-agent completions <SHELL>";
    heading_examples = "Ví dụ:", "Examples:";
    first_steps =
        "Máy này chưa đăng ký với máy chủ của tỉnh.
  1. Xin quản trị viên mã đăng ký và địa chỉ máy chủ.
  2. tiendo-agent enrol --server TÊN:CỔNG
  3. tiendo-agent due       xem phải gửi gì, hạn nào
  4. tiendo-agent template  tạo biểu mẫu Excel; điền xong thì `submit`
Xem mọi lệnh: tiendo-agent --help",
        "This computer is not enrolled with the province's server.
  1. Ask the administrator for a join token and the server's address.
  2. tiendo-agent enrol --server HOST:PORT
  3. tiendo-agent due       shows what to send and by when
  4. tiendo-agent template  makes the Excel form; when it is filled, `submit` it
All commands: tiendo-agent --help";

    arg_user =
        "Dịch vụ của người dùng này, không cần quyền quản trị",
        "A service of this user, without administrator rights";
    arg_print =
        "Chỉ in tệp dịch vụ, không cài gì",
        "Print the unit and install nothing";
    arg_home =
        "Thư mục giữ cấu hình và sổ gửi [mặc định: ~/.tiendo-agent; Windows: %PROGRAMDATA%\\Tiendo] [env: TIENDO_HOME]",
        "Folder of configuration and ledger [default: ~/.tiendo-agent; Windows: %PROGRAMDATA%\\Tiendo] [env: TIENDO_HOME]";
    arg_lang = "Ngôn ngữ: vi hoặc en [env: TIENDO_LANG]", "Language: vi or en [env: TIENDO_LANG]";
    arg_json =
        "In kết quả thành một văn bản JSON cho chương trình khác đọc",
        "Print the answer as one JSON document for programs";
    arg_server =
        "Địa chỉ máy chủ, dạng TÊN:CỔNG; có nhiều máy chủ thì lặp lại hoặc cách nhau dấu phẩy [env: TIENDO_SERVER]",
        "Address of the server, as HOST:PORT; repeat it or put commas between several servers [env: TIENDO_SERVER]";
    arg_department =
        "Mã đơn vị báo cáo [env: TIENDO_DEPARTMENT]",
        "Id of the reporting department [env: TIENDO_DEPARTMENT]";
    arg_agent =
        "Tên của máy này khi gửi [mặc định: tên máy tính] [env: TIENDO_AGENT]",
        "Name of this computer when it sends [default: its host name] [env: TIENDO_AGENT]";
    arg_insecure =
        "Kết nối không mã hóa, chỉ tới máy chủ chạy thử trên chính máy này [env: TIENDO_INSECURE_LOOPBACK]",
        "Connect without encryption, only to a server under trial on this computer [env: TIENDO_INSECURE_LOOPBACK]";
    arg_verbose =
        "Ghi thêm chi tiết ra stderr; -vv ghi nhiều hơn (hoặc đặt RUST_LOG)",
        "Log more to stderr; -vv even more (or set RUST_LOG)";
    arg_help = "Xem hướng dẫn", "Show this help";
    arg_version = "Xem phiên bản", "Show the version";
    arg_period =
        "Kỳ báo cáo: 2026, 2026-S1, 2026-Q3 hoặc 2026-09 [mặc định: báo cáo đến hạn sớm nhất, như `due`]",
        "Reporting period: 2026, 2026-S1, 2026-Q3 or 2026-09 [default: the report that is due first, as in `due`]";
    arg_out =
        "Tệp biểu mẫu sẽ tạo [mặc định: bieu-mau-ĐƠNVỊ-KỲ.xlsx]",
        "The form to write [default: bieu-mau-DEPARTMENT-PERIOD.xlsx]";
    arg_force = "Ghi đè tệp đã có", "Write over an existing file";
    arg_file =
        "Tệp số liệu: biểu mẫu đã điền, hoặc xlsx, ods, xls, csv kèm cấu hình đọc tệp",
        "File of figures: a filled form, or xlsx, ods, xls, csv with a mapping";
    arg_job =
        "Đọc tệp theo công việc TÊN trong agent.toml",
        "Read the file as job NAME of agent.toml says";
    arg_mapping =
        "Đọc tệp theo cấu hình trong tệp TOML này",
        "Read the file as this TOML mapping says";
    arg_rejects =
        "Tệp ghi các dòng bị từ chối [mặc định: cạnh TỆP, tên TỆP-tu-choi.xlsx]",
        "Where to write the refused rows [default: beside FILE, as FILE-tu-choi.xlsx]";
    arg_offline =
        "Chỉ kiểm tra trên máy này, không hỏi máy chủ",
        "Check on this computer alone, do not ask the server";
    arg_confirm =
        "Xác nhận các thay đổi lớn bất thường mà máy chủ hỏi lại, không hỏi trên màn hình (cũng là --yes)",
        "Confirm the implausible changes the server asks about, without a question on the screen (also --yes)";
    arg_all_or_nothing =
        "Không gửi gì nếu có dòng bị từ chối",
        "Send nothing if any row is refused";
    arg_dry_run = "Như `check`: kiểm tra, không ghi sổ, không gửi", "Like `check`: neither record nor send";
    arg_send = "Gửi các lượt đang chờ", "Send what waits";
    arg_trust =
        "Tin lại máy chủ có sổ đã bị sửa, khi quản trị viên đã làm rõ",
        "Trust the server again whose ledger was changed, once the administrator has cleared it up";
    arg_receipt = "Mã lượt gửi cần xem chi tiết", "Id of the submission to show in detail";
    arg_last = "Số biên nhận gần nhất được liệt kê", "How many of the last receipts to list";
    arg_export =
        "Tệp sẽ tạo: .xlsx mở bằng Excel, .csv, hoặc .jsonl mỗi dòng một số liệu",
        "The file to make: .xlsx for Excel, .csv, or .jsonl with a measurement a line";
    arg_release =
        "Gửi cả những lượt có thể đã định gửi nhưng bản ghi xác nhận bị hỏng",
        "Also send what may have been meant to be sent, where the record that says so is damaged";

    arg_token =
        "Mã đăng ký; người khác trên máy này có thể thấy dòng lệnh, nên dán khi được hỏi hoặc dùng --token-file",
        "The join token; others on this computer can see command lines, so rather paste it when asked or use --token-file";
    arg_token_file =
        "Tệp chứa mã đăng ký [mặc định: hỏi, hoặc đọc từ đầu vào chuẩn]",
        "File with the join token [default: ask, or read standard input]";
    arg_role =
        "Vai trò mà mã phải cấp: agent, reviewer, operator, administrator; mã cấp vai trò khác thì không đổi gì",
        "Role the token has to give: agent, reviewer, operator, administrator; with another nothing is changed";
    arg_p12 =
        "Ghi thêm danh tính vào tệp PKCS#12 này để nhập vào trình duyệt; máy đã đăng ký thì chỉ ghi tệp",
        "Also write the identity into this PKCS#12 file, for a browser to import; where the computer is enrolled, only that";
    arg_replace =
        "Máy đã đăng ký: đăng ký lại với mã mới và khóa mới",
        "On a computer that is enrolled: enrol anew, with a new token and a new key";
    arg_accept_key =
        "Tin khóa ký mới của máy chủ, sau khi đã hỏi quản trị viên",
        "Trust the server's new signing key, after asking the administrator";
    heading_usage = "Cách dùng:", "Usage:";
    heading_commands = "Lệnh", "Commands";
    heading_arguments = "Tham số", "Arguments";
    heading_options = "Tùy chọn", "Options";
    heading_globals = "Tùy chọn chung", "Options of every command";
    usage_program = "tiendo-agent [LỆNH] [TÙY CHỌN]", "tiendo-agent [COMMAND] [OPTIONS]";
    usage_enrol = "tiendo-agent enrol --server TÊN:CỔNG [TÙY CHỌN]", "tiendo-agent enrol --server HOST:PORT [OPTIONS]";
    usage_due = "tiendo-agent due [TÙY CHỌN]", "tiendo-agent due [OPTIONS]";
    usage_template = "tiendo-agent template [TÙY CHỌN]", "tiendo-agent template [OPTIONS]";
    usage_check = "tiendo-agent check <TỆP> [TÙY CHỌN]", "tiendo-agent check <FILE> [OPTIONS]";
    usage_submit = "tiendo-agent submit <TỆP> [TÙY CHỌN]", "tiendo-agent submit <FILE> [OPTIONS]";
    usage_status = "tiendo-agent status [TÙY CHỌN]", "tiendo-agent status [OPTIONS]";
    usage_receipts = "tiendo-agent receipts [MÃ] [TÙY CHỌN]", "tiendo-agent receipts [ID] [OPTIONS]";
    usage_verify = "tiendo-agent verify [TÙY CHỌN]", "tiendo-agent verify [OPTIONS]";
    word_token = "MÃ", "TOKEN";
    word_role = "VAI TRÒ", "ROLE";
    word_key = "KHÓA", "KEY";
    usage_export = "tiendo-agent export <TỆP> [TÙY CHỌN]", "tiendo-agent export <FILE> [OPTIONS]";
    usage_repair = "tiendo-agent repair [TÙY CHỌN]", "tiendo-agent repair [OPTIONS]";
    usage_run = "tiendo-agent run [TÙY CHỌN]", "tiendo-agent run [OPTIONS]";
    usage_service = "tiendo-agent service <LỆNH> [TÙY CHỌN]", "tiendo-agent service <COMMAND> [OPTIONS]";
    usage_service_install =
        "tiendo-agent service install [TÙY CHỌN]", "tiendo-agent service install [OPTIONS]";
    word_file = "TỆP", "FILE";
    word_name = "TÊN", "NAME";
    word_id = "MÃ", "ID";
    word_period = "KỲ", "PERIOD";
    word_folder = "THƯ MỤC", "FOLDER";
    word_address = "TÊN:CỔNG", "HOST:PORT";
    word_number = "SỐ", "N";

    exit_codes =
        "Mã thoát:
  0   xong, mọi dòng đều được nhận
  1   không làm được
  2   sai dòng lệnh
  3   một số dòng bị từ chối, các dòng khác được nhận
  4   đã ghi an toàn vào sổ của máy này, chưa gửi hết
  5   sổ của máy này bị hỏng hoặc có biên nhận không khớp
  6   có báo cáo quá hạn (`due`)
  64  cấu hình sai",
        "Exit codes:
  0   done, every row was taken
  1   could not be done
  2   wrong command line
  3   some rows were refused, the others were taken
  4   safe in this computer's ledger, not all of it sent
  5   this computer's ledger is damaged, or a receipt does not fit it
  6   a report is late (`due`)
  64  wrong configuration";

    usage_missing_command =
        "Thiếu lệnh. Chạy `tiendo-agent --help` để xem các lệnh.",
        "A command is missing. `tiendo-agent --help` lists them.";
    usage_see_help =
        "Chạy lại với `--help` để xem cách dùng.",
        "Run it again with `--help` to see how it is used.";
}

sentences! {
    usage_unknown_command(word: &str) =
        "Không có lệnh `{word}`.", "There is no command `{word}`.";
    usage_unknown_argument(word: &str) =
        "Không có tùy chọn `{word}`.", "There is no option `{word}`.";
    usage_missing_argument(word: &str) =
        "Thiếu `{word}`.", "`{word}` is missing.";
    usage_invalid_value(argument: &str, value: &str) =
        "`{value}` không dùng được cho `{argument}`.", "`{value}` is no value of `{argument}`.";
    usage_conflict(one: &str, other: &str) =
        "`{one}` không dùng cùng `{other}`.", "`{one}` and `{other}` exclude each other.";
    usage_accepted(values: &str) =
        "Giá trị được nhận: {values}.", "Accepted: {values}.";
    did_you_mean(word: &str) =
        "Ý là `{word}`?", "Did you mean `{word}`?";
    usage_other(message: &str) =
        "Dòng lệnh sai: {message}", "Wrong command line: {message}";
}
