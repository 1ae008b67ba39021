//! Which file systems a store must not be on.
//!
//! On a network file system file locks and shared memory do not hold between machines, or do not hold at
//! all: two machines could own one session. So such a place is refused when the store is opened.

use std::path::Path;

/// The name of the network file system that a directory is on, if it is on one. In doubt it is not.
pub(crate) fn of(directory: &Path) -> Option<String> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let magic = rustix::fs::statfs(directory).ok()?.f_type;
        let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        // The numbers are 32 bits wide; some systems extend the sign.
        refused(magic.cast_unsigned() & 0xffff_ffff, || mount_type(&mounts(), directory))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = directory;
        None
    }
}

/// Numbers by which Linux tells network file systems.
const NETWORK: [(u64, &str); 12] = [
    (0x6969, "nfs"),
    (0x517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "kafs"),
    (0x7375_7245, "coda"),
    (0x00c3_6400, "ceph"),
    (0x0102_1997, "9p"),
    (0x0bd0_0bd0, "lustre"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
];

/// The number of every file system in user space, local or not: its type tells more.
const FUSE: u64 = 0x6573_5546;

/// File systems in user space that reach over a network.
const NETWORK_FUSE: [&str; 14] = [
    "sshfs",
    "gluster",
    "ceph",
    "s3fs",
    "goofys",
    "mountpoint-s3",
    "rclone",
    "gcsfuse",
    "blobfuse",
    "juicefs",
    "seaweedfs",
    "davfs",
    "smbnetfs",
    "curlftpfs",
];

/// The name of the network file system that a number, and for FUSE a type, stands for.
fn refused(magic: u64, mount_type: impl FnOnce() -> Option<String>) -> Option<String> {
    if let Some((_, name)) = NETWORK.iter().find(|(number, _)| *number == magic) {
        return Some((*name).to_owned());
    }
    if magic != FUSE {
        return None;
    }
    let mount_type = mount_type()?;
    NETWORK_FUSE.iter().any(|name| mount_type.contains(name)).then_some(mount_type)
}

/// The type of the mount that a directory is on: of those that lead to it, the longest, and the last of those.
fn mount_type(mountinfo: &str, directory: &Path) -> Option<String> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let point = unescaped(mount.split(' ').nth(4)?);
        let is_over = directory.starts_with(&point);
        is_over.then_some((point.len(), file_system))
    });
    let mut words = mounts.max_by_key(|(length, _)| *length)?.1.split(' ');
    let (name, source) = (words.next()?, words.next().unwrap_or_default());
    // Some programs leave their name to the source.
    Some(if name == "fuse" { format!("fuse.{source}") } else { name.to_owned() })
}

/// A path as the kernel writes it, with its blanks and backslashes in octal.
fn unescaped(text: &str) -> String {
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    codes.iter().fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FUSE, mount_type, refused};

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home/me/far rw,nosuid - fuse.sshfs me@far: rw
31 22 0:41 / /home/me/near\\040disk rw shared:3 - fuse.ntfs-3g /dev/sdb1 rw
32 30 0:42 / /home/me/far rw - tmpfs tmpfs rw
33 22 0:43 / /bucket rw - fuse mountpoint-s3 rw";

    #[test]
    fn network_file_systems_are_told_by_their_number() {
        let nobody = || panic!("the number is enough");
        assert_eq!(refused(0x6969, nobody).as_deref(), Some("nfs"));
        assert_eq!(refused(0xff53_4d42, nobody).as_deref(), Some("cifs"));
        assert_eq!(refused(0x0102_1997, nobody).as_deref(), Some("9p"));
        assert_eq!(refused(0x00c3_6400, nobody).as_deref(), Some("ceph"));
    }

    #[test]
    fn local_file_systems_are_not_refused() {
        for magic in [0xef53, 0x9123_683e, 0x5846_5342, 0x0102_1994, 0x794c_7630] {
            assert_eq!(refused(magic, || Some("fuse.sshfs".to_owned())), None);
        }
    }

    #[test]
    fn file_systems_in_user_space_are_told_by_their_type() {
        let of = |name: &str| refused(FUSE, || Some(name.to_owned()));
        assert_eq!(of("fuse.sshfs").as_deref(), Some("fuse.sshfs"));
        assert_eq!(of("fuse.glusterfs").as_deref(), Some("fuse.glusterfs"));
        assert_eq!(of("fuse.ntfs-3g"), None);
        assert_eq!(of("fuseblk"), None);
        assert_eq!(refused(FUSE, || None), None);
    }

    #[test]
    fn the_longest_and_last_mount_decides() {
        let of = |path: &str| mount_type(MOUNTS, Path::new(path));
        assert_eq!(of("/var/lib").as_deref(), Some("ext4"));
        assert_eq!(of("/home/me/near disk/x").as_deref(), Some("fuse.ntfs-3g"));
        assert_eq!(of("/home/me/farther").as_deref(), Some("ext4"));
        assert_eq!(of("/bucket").as_deref(), Some("fuse.mountpoint-s3"));
        assert_eq!(of("/home/me/far/x").as_deref(), Some("tmpfs"));
    }
}
