//! The socket: a Unix socket where there are such, otherwise a port of the loopback address, which any local user can reach.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

use super::{StartError, handshake::Place};

/// Bytes both ways, whatever carries them.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// Where the provider listens. A socket's file is removed when this is dropped.
#[derive(Debug)]
pub(crate) enum Endpoint {
    #[cfg(unix)]
    Unix(String),
    Tcp(SocketAddr),
}

impl Endpoint {
    /// The network, as Go names it.
    pub(crate) fn network(&self) -> &'static str {
        match self {
            #[cfg(unix)]
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }

    /// The path, or address and port.
    pub(crate) fn address(&self) -> &dyn fmt::Display {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => path,
            Self::Tcp(address) => address,
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Self::Unix(path) = self {
            // It may be gone already, and nobody is left to be told.
            let _gone = std::fs::remove_file(path);
        }
    }
}

/// Listens already: connections made before the first `accept` wait in the kernel.
#[derive(Debug)]
pub(crate) enum Listener {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens in `place`. Needs the context of a runtime.
    pub(crate) fn bind(place: &Place) -> Result<(Self, Endpoint), StartError> {
        #[cfg(unix)]
        if let Some((listener, endpoint)) = unix::bind(place)? {
            return Ok((Self::Unix(listener), endpoint));
        }
        let (listener, address) = bind_tcp(place.ports.clone()).map_err(|source| StartError::Port {
            first: *place.ports.start(),
            last: *place.ports.end(),
            source,
        })?;
        Ok((Self::Tcp(listener), Endpoint::Tcp(address)))
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Socket>> {
        Ok(match self {
            #[cfg(unix)]
            Self::Unix(listener) => Box::new(listener.accept().await?.0),
            Self::Tcp(listener) => {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                Box::new(socket)
            }
        })
    }
}

/// The first free port.
fn bind_tcp(ports: RangeInclusive<u16>) -> io::Result<(TcpListener, SocketAddr)> {
    let mut reason = io::Error::new(io::ErrorKind::InvalidInput, "no such port");
    for port in ports {
        match std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                let address = listener.local_addr()?;
                return Ok((TcpListener::from_std(listener)?, address));
            }
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, Permissions},
        hash::{BuildHasher, RandomState},
        io,
        os::unix::fs::{PermissionsExt, chown},
    };

    use tokio::net::UnixListener;

    use super::{Endpoint, Place, StartError};

    /// A socket in the folder; `None` where its path is longer than the system allows (108 bytes on Linux, 104 on macOS) or
    /// cannot stand in the handshake line.
    pub(super) fn bind(place: &Place) -> Result<Option<(UnixListener, Endpoint)>, StartError> {
        let path = place
            .folder
            .join(format!("plugin{:016x}", RandomState::new().hash_one(())));
        let Some(path) = path.to_str().filter(|path| !path.contains(['|', '\n', '\r'])) else {
            return Ok(None);
        };
        let listener = match UnixListener::bind(path) {
            Ok(listener) => listener,
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(None),
            Err(source) => {
                return Err(StartError::Socket {
                    folder: place.folder.display().to_string(),
                    source,
                });
            }
        };
        let endpoint = Endpoint::Unix(path.to_owned());
        share(path, place.group.as_deref())?;
        Ok(Some((listener, endpoint)))
    }

    /// Lets nobody else connect, or only the group that the host named.
    fn share(path: &str, group: Option<&str>) -> Result<(), StartError> {
        let Some(group) = group else {
            // Where the system ignores the mode of sockets, TLS still keeps others out.
            let _unsupported = fs::set_permissions(path, Permissions::from_mode(0o600));
            return Ok(());
        };
        group_id(group)
            .and_then(|id| chown(path, None, Some(id)))
            .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o660)))
            .map_err(|source| StartError::SocketGroup {
                group: group.to_owned(),
                source,
            })
    }

    /// A group's number. Names are looked up in `/etc/group` alone: a directory service would take unsafe calls of libc, and
    /// the host may give the number instead.
    fn group_id(group: &str) -> io::Result<u32> {
        if let Ok(id) = group.parse() {
            return Ok(id);
        }
        fs::read_to_string("/etc/group")?
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut fields| (fields.next()? == group).then(|| fields.nth(1)?.parse().ok())?)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not in `/etc/group`; name it by its number"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn groups_are_known_by_number_and_by_name() {
            assert_eq!(group_id("1234").unwrap(), 1234);
            assert_eq!(group_id("daemon").unwrap(), 1);
            assert_eq!(group_id("no such group").unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn place(folder: impl Into<PathBuf>) -> Place {
        Place {
            folder: folder.into(),
            group: None,
            ports: 0..=0,
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_of_a_socket_goes_with_the_endpoint() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let (_listener, endpoint) = Listener::bind(&place(folder.path())).unwrap();
        let path = PathBuf::from(endpoint.address().to_string());
        assert_eq!(endpoint.network(), "unix");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        drop(endpoint);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_group_may_be_let_in() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};

        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().metadata().unwrap().gid();
        let place = Place {
            group: Some(own.to_string()),
            ..place(folder.path())
        };
        let (_listener, endpoint) = Listener::bind(&place).unwrap();
        let metadata = PathBuf::from(endpoint.address().to_string()).metadata().unwrap();
        assert_eq!((metadata.gid(), metadata.permissions().mode() & 0o777), (own, 0o660));
    }

    #[tokio::test]
    async fn a_folder_with_a_long_name_leaves_tcp() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let (_listener, endpoint) = Listener::bind(&place(deep)).unwrap();
        assert_eq!(endpoint.network(), "tcp");
        assert!(endpoint.address().to_string().starts_with("127.0.0.1:"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_folder_that_does_not_exist_is_an_error_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let error = Listener::bind(&place(folder.path().join("none")))
            .unwrap_err()
            .to_string();
        assert!(error.contains("/none`") && error.contains("TMPDIR"), "{error}");
    }

    #[tokio::test]
    async fn a_port_in_use_is_passed_over() {
        let (_first, address) = bind_tcp(0..=0).unwrap();
        let taken = address.port();
        assert!(bind_tcp(taken..=taken).is_err());
        let (_second, other) = bind_tcp(taken..=u16::MAX).unwrap();
        assert!(other.port() > taken);
    }
}
