//! Real web servers before one site, each run with the very file that we ship; only addresses and names in it are replaced.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::proxy::plane::HOST;

/// A running web server; it ends with this value.
pub struct WebServer {
    pub name: &'static str,
    pub address: SocketAddr,
    server: Child,
    folder: TempDir,
}

/// Where a web server leads.
#[derive(Clone, Copy)]
pub struct Behind {
    pub gate: SocketAddr,
    pub site: SocketAddr,
    /// Where visitors find it.
    pub web_server: SocketAddr,
    /// The gateway's name for the site.
    pub name: &'static str,
}

impl Behind {
    /// The host at which visitors ask; the sites of these tests are named after its first part.
    fn host(&self) -> String {
        if self.name == "library" { HOST.to_owned() } else { format!("{}.localhost", self.name) }
    }
}

impl WebServer {
    pub fn nginx(behind: Behind) -> WebServer {
        WebServer::nginx_before(behind, &format!("proxy_pass http://{};", behind.site), "")
    }

    /// With more in its `server` than the example has; `{place}` is where our files are.
    pub fn nginx_with(behind: Behind, more: &str) -> WebServer {
        WebServer::nginx_before(behind, &format!("proxy_pass http://{};", behind.site), more)
    }

    /// As the how-to says for PHP. `root`: where its files are.
    pub fn nginx_with_php(behind: Behind, socket: &Path, root: &Path) -> WebServer {
        let site = format!(
            "include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME {}$fastcgi_script_name; \
             include {{place}}/membergate-fastcgi.conf; fastcgi_pass unix:{};",
            root.display(),
            socket.display()
        );
        WebServer::nginx_before(behind, &site, "")
    }

    fn nginx_before(behind: Behind, site: &str, more: &str) -> WebServer {
        let (folder, address) = (tempfile::tempdir().unwrap(), behind.web_server);
        let place = folder.path().display().to_string();
        let snippets = ("/etc/nginx/snippets", place.clone());
        for (file, to) in [
            ("membergate.conf", &[("127.0.0.1:8080", behind.gate.to_string())][..]),
            ("membergate-server.conf", std::slice::from_ref(&snippets)),
            ("membergate-protect.conf", &[]),
            ("membergate-fastcgi.conf", &[]),
        ] {
            write(&folder, file, &shipped(&format!("nginx/{file}"), to));
        }
        let example = shipped(
            "nginx/example.conf",
            &[
                snippets,
                ("listen 127.0.0.1:80;", format!("listen {address};\n{more}")),
                ("server_name www.acme.example;", format!("server_name {};", behind.host())),
                ("$membergate_site www;", format!("$membergate_site {};", behind.name)),
                ("proxy_pass http://127.0.0.1:3000;", site.to_owned()),
            ],
        );
        write(&folder, "example.conf", &example.replace("{place}", &place));
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String =
            kinds.iter().map(|kind| format!("{kind}_temp_path {place}/{kind};\n")).collect();
        let main = format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr;\nevents {{}}\n\
             http {{ access_log off; {temporary} include {place}/example.conf; }}\n"
        );
        write(&folder, "main.conf", &main);
        let mut command = Command::new(program("nginx", "/usr/sbin/nginx"));
        command.args(["-p", &place, "-c", "main.conf", "-e", "stderr"]);
        WebServer::open("nginx", address, folder, command)
    }

    pub fn caddy(behind: Behind) -> WebServer {
        WebServer::caddy_before(behind, &format!("reverse_proxy {}", behind.site), ("", ""))
    }

    /// With another text in place of one of the shipped file.
    pub fn caddy_with(behind: Behind, (from, to): (&str, &str)) -> WebServer {
        WebServer::caddy_before(behind, &format!("reverse_proxy {}", behind.site), (from, to))
    }

    /// As the how-to says for PHP. `root`: where its files are.
    pub fn caddy_with_php(behind: Behind, socket: &Path, root: &Path) -> WebServer {
        let site = format!("root * {}\n\t\t\tphp_fastcgi unix/{}", root.display(), socket.display());
        WebServer::caddy_before(behind, &site, ("", ""))
    }

    fn caddy_before(behind: Behind, site: &str, (from, to): (&str, &str)) -> WebServer {
        let (folder, address) = (tempfile::tempdir().unwrap(), behind.web_server);
        let file = shipped(
            "caddy/Caddyfile",
            &[
                ("www.acme.example {", format!("http://:{} {{\n\tbind 127.0.0.1", address.port())),
                ("127.0.0.1:8080", behind.gate.to_string()),
                ("/_gate/verify@www", format!("/_gate/verify@{}", behind.name)),
                ("reverse_proxy 127.0.0.1:3000", site.to_owned()),
            ],
        );
        assert!(file.contains(from), "`{from}` is not in deploy/caddy/Caddyfile");
        let file = if from.is_empty() { file } else { file.replace(from, to) };
        write(&folder, "Caddyfile", &format!("{{\n\tadmin off\n\tauto_https off\n}}\n{file}"));
        let mut command = Command::new(program("caddy", "/usr/bin/caddy"));
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
        for home in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(home, folder.path());
        }
        WebServer::open("Caddy", address, folder, command)
    }

    pub fn haproxy(behind: Behind) -> WebServer {
        let (folder, address) = (tempfile::tempdir().unwrap(), behind.web_server);
        let script = shipped("haproxy/membergate.lua", &[("127.0.0.1:8080", behind.gate.to_string())]);
        write(&folder, "membergate.lua", &script);
        let file = shipped(
            "haproxy/haproxy.cfg",
            &[
                ("/etc/haproxy/membergate.lua", folder.path().join("membergate.lua").display().to_string()),
                ("bind 127.0.0.1:80\n", format!("bind {address}\n")),
                ("127.0.0.1:8080", behind.gate.to_string()),
                ("lua.membergate www", format!("lua.membergate {}", behind.name)),
                ("127.0.0.1:3000", behind.site.to_string()),
            ],
        );
        write(&folder, "haproxy.cfg", &file);
        let mut command = Command::new(program("haproxy", "/usr/sbin/haproxy"));
        command.arg("-db").arg("-f").arg(folder.path().join("haproxy.cfg"));
        WebServer::open("HAProxy", address, folder, command)
    }

    pub fn envoy(behind: Behind) -> WebServer {
        let (folder, address) = (tempfile::tempdir().unwrap(), behind.web_server);
        let port = |of: SocketAddr| format!("port_value: {}}}", of.port());
        let file = shipped(
            "envoy/envoy.yaml",
            &[
                ("port_value: 10080}", port(address)),
                ("port_value: 8080}", port(behind.gate)),
                ("/_gate/verify@www", format!("/_gate/verify@{}", behind.name)),
                ("port_value: 3000}", port(behind.site)),
            ],
        );
        write(&folder, "envoy.yaml", &file);
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/web-servers/envoy/bin/envoy");
        let mut command = Command::new(program("envoy", &installed.display().to_string()));
        command.args(["--disable-hot-restart", "--concurrency", "1", "-l", "warning", "-c"]);
        command.arg(folder.path().join("envoy.yaml"));
        WebServer::open("Envoy", address, folder, command)
    }

    fn open(name: &'static str, address: SocketAddr, folder: TempDir, mut command: Command) -> WebServer {
        let log = folder.path().join("log");
        let output = std::fs::File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        // Of its own group, so that a child of it ends with it.
        let server = command.process_group(0).spawn().unwrap();
        let mut web_server = WebServer { name, address, server, folder };
        // A busy machine reads a large program from its disk for a while.
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(address).is_err() {
            let ended = web_server.server.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{name} does not start:\n{}",
                web_server.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        web_server
    }

    /// What the server has said, for a test that fails.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        end(&mut self.server);
    }
}

/// Ends a server and whatever it has started, which is why it was given a process group of its own.
pub fn end(server: &mut Child) {
    let group = format!("-{}", server.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    let _ = server.wait();
}

/// A file of `deploy/` with other addresses. Each of them has to be in it, so that what is tested is what is shipped.
pub fn shipped(file: &str, replaced: &[(&str, String)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    replaced.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in deploy/{file}");
        text.replace(from, to)
    })
}

fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).unwrap();
}

fn program(name: &str, path: &str) -> PathBuf {
    let path = PathBuf::from(path);
    assert!(
        path.exists(),
        "{name} is not at {}: run scripts/install-web-servers.sh, as `./test` does",
        path.display()
    );
    path
}
