use super::*;

/// A copy that may take no file's place, and for which there is one before it is whole.
#[test]
fn a_file_that_came_into_being_meanwhile_is_left_alone() {
    let mut journal = journal(&[received(0, b"1")]);
    let path = journal.path.with_extension("pcapng");
    for replaces in [false, true] {
        let request = SaveRequest { replaces, ..SaveRequest::new(path.clone()) };
        fs::remove_file(&path).ok();
        let mut batches = journal.reader.batches(&request, &[]).unwrap().unwrap();
        let saved = journal.reader.save_from(&request, &[], &mut || {
            fs::write(&path, "another's").unwrap();
            batches.next_batch()
        });
        if replaces {
            assert_eq!(saved.unwrap().rows, 1);
            assert_ne!(fs::read(&path).unwrap(), b"another's");
            continue;
        }
        let failure = saved.unwrap_err();
        assert_eq!((failure.cause, failure.hint), (Cause::AlreadyExists, Some(Hint::ChooseAnotherFile)));
        assert_eq!(fs::read(&path).unwrap(), b"another's");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_a_file_s_place() {
    let mut journal = journal(&[received(0, b"1")]);
    let (link, target) = (journal.path.with_extension("csv"), journal.path.with_extension("elsewhere"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let request = SaveRequest { replaces: false, ..SaveRequest::new(link.clone()) };
    let failure = journal.reader.save(&request, &[]).unwrap_err();
    assert_eq!((failure.operation, failure.cause), (Operation::CreateFile, Cause::AlreadyExists));
    assert!(link.is_symlink() && !target.exists());
}
