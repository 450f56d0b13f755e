// Compiled into every cell. It shows the value of a cell's last expression, tells the kernel of
// panics and of errors that `?` returns, and flushes what the cell printed. Kept short: each line
// here costs every cell compile time.
#[allow(dead_code, unused)]
mod mlnotes_cell {
    unsafe extern "C" {
        fn write(fd: i32, bytes: *const u8, n: usize) -> isize;
        fn read(fd: i32, bytes: *mut u8, n: usize) -> isize;
    }
    fn event(text: &str) {
        let mut end = text.len().min(60_000);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        unsafe { write(102, text.as_ptr(), end) };
    }
    #[unsafe(no_mangle)]
    pub extern "C" fn mlnotes_cell_flush() {
        let _ = std::io::Write::flush(&mut std::io::stdout());
    }
    #[unsafe(no_mangle)]
    pub extern "C" fn mlnotes_cell_start() {
        let cell_thread = std::thread::current().id();
        std::panic::set_hook(Box::new(move |info| {
            let _ = std::io::Write::flush(&mut std::io::stdout());
            let thread = std::thread::current();
            let own = if thread.id() == cell_thread { "cell" } else { "other" };
            let (file, line, column) =
                info.location().map_or(("", 0, 0), |l| (l.file(), l.line(), l.column()));
            let message = info.payload_as_str().unwrap_or("a value that is no text");
            let name = thread.name().unwrap_or("unnamed");
            event(&format!(
                "panic\u{1f}{own}\u{1f}{name}\u{1f}{file}\u{1f}{line}\u{1f}{column}\u{1f}{message}"
            ));
        }));
    }
    pub fn tried<T, E: std::fmt::Debug>(result: Result<T, E>, at: u32) -> Result<T, E> {
        if let Err(error) = &result {
            let _ = std::io::Write::flush(&mut std::io::stdout());
            event(&format!("failed\u{1f}{at}\u{1f}{}\u{1f}{error:?}", std::any::type_name::<E>()));
            unsafe { read(102, [0_u8; 64].as_mut_ptr(), 64) };
        }
        result
    }
    struct Capped(String, usize);
    impl std::fmt::Write for Capped {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let room = 65_536_usize.saturating_sub(self.0.len());
            if text.len() <= room && self.1 == 0 {
                self.0.push_str(text);
            } else {
                let mut end = if self.1 == 0 { room } else { 0 };
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                self.0.push_str(&text[..end]);
                self.1 += text.len() - end;
            }
            Ok(())
        }
    }
    pub trait Show {
        fn evcxr_display(&self);
    }
    impl<T: std::fmt::Debug + ?Sized> Show for T {
        fn evcxr_display(&self) {
            if std::any::type_name::<T>() != "()" {
                show(format_args!("{self:?}"));
            }
        }
    }
    fn show(value: std::fmt::Arguments<'_>) {
        let mut text = Capped(String::new(), 0);
        let _ = std::fmt::Write::write_fmt(&mut text, value);
        if text.1 > 0 {
            text.0 += &format!("… ({} bytes left out)", text.1);
        }
        println!("EVCXR_BEGIN_CONTENT text/plain\n{}\nEVCXR_END_CONTENT", text.0);
    }
    pub fn result_begins() {
        println!("\u{1}MLNOTES_RESULT_BEGINS");
    }
    pub fn result_ends() {
        println!("\u{1}MLNOTES_RESULT_ENDS");
    }
}
