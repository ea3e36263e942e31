//! The handles: a simulated directory, its files and locks.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::content::Content;
use super::content::mix;
use super::disk::{Disk, Extent};
use super::fault::Fault;
use super::image::{Policy, Unsynced};
use super::names::NodeId;
use super::node::Node;
use super::trace::{TraceKind, TraceOp};
use crate::directory::Directory;
use crate::file::{File, check_map};
use crate::interrupted::{retried, write_all};
use crate::lock::{DirectoryLock, LockError};
use crate::map::{Map, MapMut};
use crate::{name, system};

/// A directory on a simulated disk; see the [module](super). Clones share the disk.
#[derive(Clone, Debug, Default)]
pub struct SimDirectory {
    disk: Arc<Mutex<Disk>>,
}

fn locked(disk: &Mutex<Disk>) -> MutexGuard<'_, Disk> {
    // A test that panicked elsewhere leaves the disk as it was between two operations.
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimDirectory {
    /// An empty disk without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of operations so far, which is the number that the next one gets.
    pub fn operations(&self) -> u64 {
        locked(&self.disk).operations()
    }

    /// All operations so far.
    pub fn trace(&self) -> Vec<TraceOp> {
        locked(&self.disk).trace.clone()
    }

    /// The number of reads so far, which is the number that the next one gets. A read is whatever asks the disk for
    /// something and changes nothing: opening, listing, asking for a length, reading, mapping.
    pub fn reads(&self) -> u64 {
        locked(&self.disk).reads()
    }

    /// How many operations and reads have met a fault.
    pub fn faults(&self) -> u64 {
        locked(&self.disk).faults()
    }

    /// Lets operation `number` meet `fault`, once. Faults of several numbers may be set.
    pub fn fail_at(&self, number: u64, fault: Fault) {
        locked(&self.disk).plan.operations().at(number, fault);
    }

    /// Lets operation `number` and all later ones meet `fault`.
    pub fn fail_from(&self, number: u64, fault: Fault) {
        locked(&self.disk).plan.operations().from(number, fault);
    }

    /// Lets read `number` meet `fault`, once: [`Fault::Eio`], [`Fault::Enomem`] or [`Fault::Interrupted`]; others do not
    /// affect reads.
    pub fn fail_read_at(&self, number: u64, fault: Fault) {
        locked(&self.disk).plan.reads().at(number, fault);
    }

    /// Lets read `number` and all later ones meet `fault`.
    pub fn fail_reads_from(&self, number: u64, fault: Fault) {
        locked(&self.disk).plan.reads().from(number, fault);
    }

    /// Forgets all faults and crashes that were set.
    pub fn heal(&self) {
        locked(&self.disk).plan = Default::default();
    }

    /// Cuts the power during operation `number`: it and everything later, reads included, report an error.
    pub fn crash_at(&self, number: u64) {
        locked(&self.disk).plan.crash_at(number);
    }

    /// The changes that no sync has covered, in the order in which a [`Policy`] counts them: of names first, then file by
    /// file. Those of one file, and those of names, are in the order of happening.
    pub fn unsynced(&self) -> Vec<Unsynced> {
        let disk = locked(&self.disk);
        disk.names.unsynced().chain(disk.nodes.values().flat_map(Node::unsynced)).collect()
    }

    /// A number for what reads see of all files: names, lengths and bytes. Equal for equal disks; different ones have the
    /// same by a chance of 2^-64.
    pub fn fingerprint(&self) -> u64 {
        let disk = locked(&self.disk);
        let mut sum = 0;
        for (name, node) in disk.names.iter() {
            sum = name.bytes().fold(mix(sum, name.len() as u64), |sum, byte| mix(sum, byte.into()));
            sum = mix(sum, disk.nodes.get(&node).map_or(0, |node| node.current().fingerprint()));
        }
        sum
    }

    /// A new disk as a power cut at this moment leaves it: all of it durable, no locks, no faults, no trace.
    #[must_use]
    pub fn image(&self, policy: Policy) -> Self {
        Self::of(locked(&self.disk).after_power_cut(policy))
    }

    /// A new disk as the end of the process (`kill -9`) leaves it: everything written is there, what was not synced
    /// is still not durable; no locks, no faults, no trace.
    #[must_use]
    pub fn kill_image(&self) -> Self {
        Self::of(locked(&self.disk).after_kill())
    }

    fn of(disk: Disk) -> Self {
        Self { disk: Arc::new(Mutex::new(disk)) }
    }

    fn file(&self, node: NodeId) -> Arc<dyn File> {
        Arc::new(SimFile { disk: Arc::clone(&self.disk), node })
    }
}

fn not_found(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file {name:?} on the simulated disk"))
}

impl Directory for SimDirectory {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>> {
        name::check(name)?;
        let mut disk = locked(&self.disk);
        retried(|| disk.read())?;
        Ok(disk.names.get(name).map(|node| self.file(node)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        name::check(name)?;
        let mut disk = locked(&self.disk);
        disk.check_power()?;
        if disk.names.get(name).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut created = None;
        let kind = TraceKind::Create { name: name.to_owned() };
        retried(|| disk.operate(kind.clone(), |disk, _| created = Some(disk.create(name))))?;
        created.map(|node| self.file(node)).ok_or_else(|| not_found(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        name::check(from)?;
        name::check(to)?;
        let mut disk = locked(&self.disk);
        disk.check_power()?;
        let node = disk.names.get(from).ok_or_else(|| not_found(from))?;
        let kind = TraceKind::Rename { from: from.to_owned(), to: to.to_owned() };
        let rename = |disk: &mut Disk, _| {
            disk.names.rename(from, to, node);
            if let Some(node) = disk.nodes.get_mut(&node) {
                to.clone_into(&mut node.name);
            }
        };
        retried(|| disk.operate(kind.clone(), rename)).map(drop)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        name::check(name)?;
        let mut disk = locked(&self.disk);
        disk.check_power()?;
        disk.names.get(name).ok_or_else(|| not_found(name))?;
        let kind = TraceKind::Remove { name: name.to_owned() };
        retried(|| disk.operate(kind.clone(), |disk, _| disk.names.remove(name))).map(drop)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut disk = locked(&self.disk);
        retried(|| disk.read())?;
        Ok(disk.names.list())
    }

    fn sync(&self) -> io::Result<()> {
        let sync = |disk: &mut Disk, extent| {
            if extent == Extent::Whole {
                disk.names.sync();
            }
        };
        retried(|| locked(&self.disk).operate(TraceKind::SyncDirectory, sync)).map(drop)
    }

    fn lock(&self, name: &str) -> Result<DirectoryLock, LockError> {
        name::check(name)?;
        let mut disk = locked(&self.disk);
        disk.check_power()?;
        if !disk.locks.insert(name.to_owned()) {
            return Err(LockError::Held { pid: std::process::id(), host: system::host_name(), since: 0 });
        }
        Ok(DirectoryLock::new(SimLock { disk: Arc::clone(&self.disk), name: name.to_owned() }))
    }
}

#[derive(Debug)]
struct SimLock {
    disk: Arc<Mutex<Disk>>,
    name: String,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        locked(&self.disk).locks.remove(&self.name);
    }
}

struct SimFile {
    disk: Arc<Mutex<Disk>>,
    node: NodeId,
}

impl std::fmt::Debug for SimFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimFile").field("node", &self.node).finish_non_exhaustive()
    }
}

impl SimFile {
    fn look<T>(&self, act: impl FnOnce(&Node) -> io::Result<T>) -> io::Result<T> {
        let mut disk = locked(&self.disk);
        retried(|| disk.read())?;
        // Nodes are never taken out of the disk they belong to.
        let node = disk.nodes.get(&self.node).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        act(node)
    }

    /// One operation; says how much of it was done.
    fn operate(&self, kind: impl Fn(String) -> TraceKind, act: impl Fn(&mut Node, Extent)) -> io::Result<Extent> {
        let mut disk = locked(&self.disk);
        let id = self.node;
        let name = disk.nodes.get(&id).map(|node| node.name.clone()).unwrap_or_default();
        disk.operate(kind(name), |disk, extent| {
            if let Some(node) = disk.nodes.get_mut(&id) {
                act(node, extent);
            }
        })
    }

    fn change(&self, kind: impl Fn(String) -> TraceKind, act: impl Fn(&mut Node, Extent)) -> io::Result<()> {
        retried(|| self.operate(&kind, &act)).map(drop)
    }

    fn mapped<M>(&self, offset: u64, len: usize, map: impl FnOnce(&Content) -> io::Result<M>) -> io::Result<M> {
        self.look(|node| {
            check_map(offset, len, node.current().len())?;
            map(node.current())
        })
    }
}

impl File for SimFile {
    fn len(&self) -> io::Result<u64> {
        self.look(|node| Ok(node.current().len()))
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.look(|node| {
            let end = offset.checked_add(buf.len() as u64);
            if end.is_none_or(|end| end > node.current().len()) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            node.current().read(buf, offset);
            Ok(())
        })
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        if offset.checked_add(buf.len() as u64).is_none() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // One operation also where nothing is to be written, as for any other call.
        if buf.is_empty() {
            return self.change(|name| TraceKind::Write { name, offset, len: 0 }, |_, _| ());
        }
        write_all(buf, offset, |buf, offset| {
            let half = &buf[..buf.len().div_ceil(2)];
            let extent = self.operate(
                |name| TraceKind::Write { name, offset, len: buf.len() as u64 },
                |node, extent| match extent {
                    Extent::Half => node.write(half, offset),
                    Extent::Whole | Extent::Lost => node.write(buf, offset),
                },
            )?;
            Ok(if extent == Extent::Half { half.len() } else { buf.len() })
        })
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        self.change(|name| TraceKind::Reserve { name, len }, |node, _| grow(node, len))
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.change(|name| TraceKind::Allocate { name, len }, |node, _| grow(node, len))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.change(|name| TraceKind::Truncate { name, len }, |node, _| node.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(
            |name| TraceKind::Sync { name },
            |node, extent| match extent {
                Extent::Lost => node.fail_sync(),
                Extent::Whole | Extent::Half => node.sync(),
            },
        )
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        self.mapped(offset, len, |content| Map::filled(len, |memory| content.read_into_zeros(memory, offset)))
    }

    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut> {
        self.mapped(offset, len, |content| MapMut::filled(len, |memory| content.read_into_zeros(memory, offset)))
    }
}

fn grow(node: &mut Node, len: u64) {
    if node.current().len() < len {
        node.set_len(len);
    }
}
