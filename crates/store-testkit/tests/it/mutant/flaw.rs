//! The broken promises, one each.

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A promise that a store breaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Flaw {
            /// It breaks none.
            None,
            $($(#[$doc])* $name,)*
        }

        impl Flaw {
            /// Every broken promise.
            pub(crate) const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];
        }
    };
}

flaws! {
    /// A commit does not look at the revision.
    ForgetsRevision,
    /// A commit does not look at the fence.
    ForgetsFence,
    /// A commit does not look at what was judged.
    ForgetsJudgement,
    /// Whether a group has a place is not asked.
    ForgetsPlaces,
    /// Who is proven to be gone takes a place all the same.
    CountsTheGone,
    /// Who waits is told as being at work.
    ForgetsTickets,
    /// A limit stays what it was first.
    KeepsFirstLimit,
    /// A commit claims to have opened a session whose id exists.
    ForgetsIds,
    /// An id that exists in another namespace is taken.
    TakesIdsEverywhere,
    /// The fence is looked at first.
    ChecksFenceFirst,
    /// The id is looked at first.
    ChecksIdFirst,
    /// A refused commit leaves an event behind.
    LogsRefusals,
    /// A commit overwrites renewals that came in since it was decided.
    LosesRenewals,
    /// A commit overwrites what the holder said since it was decided.
    LosesActivity,
    /// A commit moves the last activity back.
    MovesActivityBack,
    /// Of a commit of two sessions only the first is written.
    WritesHalf,
    /// Of a commit's events the last one is lost.
    LosesLastEvent,
    /// A note raises the revision.
    CountsNotes,
    /// A slot whose session has ended starts again from nothing.
    ForgetsSlots,
    /// A commit does not say where the log ends.
    AnswersWrongHead,
    /// A commit does not say under which revision it was written.
    AnswersWrongRevision,
    /// Labels are not kept.
    LosesLabels,
    /// The end of a renewed lease is not kept.
    LosesRenewal,
    /// A renewal revives a lease that is over.
    RevivesExpired,
    /// A renewal does not look at the fence.
    RenewsAnyFence,
    /// A lease that is over counts as somebody else's.
    FencesExpired,
    /// A renewal counts as activity.
    RenewsActivity,
    /// A run's lease is judged by the wall clock.
    JudgesByWall,
    /// A run's lease lives on in another boot, however long that lasts.
    IgnoresBoots,
    /// A run's lease is over with the boot that it was renewed in.
    EndsWithBoots,
    /// The time is not what the clock says.
    TellsWrongTime,
    /// An owner's append does not look at the fence.
    AppendsAnyFence,
    /// An owner that is late cannot append.
    RefusesLateOwners,
    /// A log goes on after the session's end.
    AppendsAfterEnd,
    /// Events of others count as activity.
    CountsInbox,
    /// The owner's events do not count as activity.
    IgnoresOwners,
    /// An append answers with positions that are not its own.
    AnswersWrongPositions,
    /// Only the first event of an append is kept.
    KeepsFirstEvent,
    /// Reading begins one position too early.
    ReadsTwice,
    /// Reading begins one position too late.
    SkipsOne,
    /// Reading does not look at the types.
    ReadsAllTypes,
    /// Reading does not look at the limit.
    ReadsWithoutLimit,
    /// A full page claims to have read to the end.
    PassesOver,
    /// A page says that the log ends with it.
    HidesHead,
    /// Events do not say under which fence they were written.
    HidesFences,
    /// What is known by its id is appended again.
    DoublesKnown,
    /// Only the first of the known events is said to be anywhere.
    AnswersFirstKnown,
    /// Another content under an id passes for the same.
    IgnoresContents,
    /// Whoever lost the session is told where its known events are, and not that it lost it.
    KnowsBeforeFencing,
    /// After the end nothing is known any more.
    ForgetsAtTheEnd,
    /// Events are read without their ids.
    HidesIds,
    /// One event too many is dropped.
    DropsOneMore,
    /// Nothing is dropped.
    DropsNothing,
    /// A reader whose place is gone is given what comes later.
    PassesOverDropped,
    /// A reader whose place is gone is told a wrong beginning.
    TellsWrongBeginning,
    /// Nobody is woken.
    NeverWakes,
    /// Only commits wake.
    WakesOnCommitsOnly,
    /// Only writes of the same instance wake.
    WakesHereOnly,
    /// Whoever listens is told that nothing came.
    HearsNothing,
    /// Nobody is told which sessions change.
    TellsOfNoChange,
    /// The last one of a page of heads is missing.
    PassesOverHeads,
    /// What a fork shares counts as its own.
    ForgetsForkedHeads,
    /// A list does not look at the states.
    ListsAllStates,
    /// A list does not look at the kinds.
    ListsAllKinds,
    /// Any of the labels will do.
    ListsAnyLabel,
    /// A list does not look at the principals.
    ListsAnyPrincipal,
    /// A list looks at the first principal only.
    ListsFirstPrincipal,
    /// A list does not look at who holds.
    ListsAnyHolder,
    /// A list does not look at the key.
    ListsAnyKey,
    /// A list does not look at the parent.
    ListsAnyParent,
    /// A list does not look at the directory.
    ListsAnyDirectory,
    /// A list does not look at when sessions were opened.
    ListsAnyCreation,
    /// A list does not look at when sessions were started.
    ListsAnyStart,
    /// The ends of a time do not belong to it.
    ListsWithoutEnds,
    /// A search finds everything.
    FindsAnything,
    /// A search looks for the first term only.
    FindsFirstTerm,
    /// The newest session comes first, whatever was asked for.
    IgnoresOrder,
    /// The oldest session comes first.
    ListsOldestFirst,
    /// A full page is always followed by another.
    NeverEndsList,
    /// There is only one page.
    EndsListEarly,
    /// A page repeats the last session of the one before.
    RepeatsSession,
    /// Sessions that have ended count as active.
    CountsEndedAsActive,
    /// How long sessions took is not counted.
    ForgetsLengths,
    /// All sessions count as recent.
    CountsOldSessions,
    /// Sessions that have ended have an age.
    AgesEnded,
    /// The mean age is that of the oldest.
    TellsWrongMean,
    /// Appended events are not counted.
    CountsNoAppends,
    /// All events count as recent.
    CountsOldEvents,
    /// Whatever was asked for, everything active is quiet.
    FindsAllQuiet,
    /// As many quiet sessions are shown as there are.
    ShowsAllQuiet,
    /// Every task is counted in the default queue.
    CountsNoQueues,
    /// What is quiet for the shortest time comes first.
    ShowsShortestQuiet,
    /// Figures are always those of one tenant.
    CountsOneNamespace,
    /// A name shows ended sessions beside open ones.
    NamesEnded,
    /// A name is a key first.
    NamesKeysFirst,
    /// Only one tenant is shown.
    HidesTenants,
    /// What is overdue least comes first.
    DueLatestFirst,
    /// All that is due is shown, however much was asked for.
    DueWithoutLimit,
    /// Sessions that have ended are due.
    DueEnded,
    /// Nothing is ever due.
    NeverDue,
    /// Looks are not postponed.
    IgnoresPostpone,
    /// What became of a commit is never known.
    ResolvesNothing,
    /// Whatever was written last is what became of a commit.
    ResolvesAnything,
    /// What became of a commit is told with the newest position of today.
    ResolvesNewestHead,
    /// What became of an append is never known.
    ResolvesNoAppend,
    /// Whatever was appended last is what became of an append.
    ResolvesLastAppend,
    /// Later writes hide what became of an append.
    HidesOlderAppends,
    /// A commit whose answer was lost counts as not made.
    DeniesLostCommits,
    /// A commit that failed counts as lost, and as made.
    ClaimsFailedCommits,
    /// What an instance has seen of a session, it keeps showing.
    ShowsOldSessions,
    /// A new instance begins by forgetting who holds what.
    ForgetsLeases,
    /// Open sessions are purged.
    PurgesOpen,
    /// A purge does nothing.
    PurgesNothing,
    /// What is not there is said to be purged.
    PurgesAbsent,
    /// A purge wakes nobody.
    PurgesInSilence,
    /// A slot whose sessions were purged starts again from nothing.
    ForgetsPurgedSlots,
    /// Children do not say that their parent was deleted.
    HidesDeletedParents,
    /// Anybody's children are listed.
    ListsAllChildren,
    /// There is only one page of children.
    EndsChildrenEarly,
    /// A former holder saves.
    SavesAnyFence,
    /// Anybody saves what somebody holds.
    SavesWhatIsHeld,
    /// Whoever is gone, the session counts as held by nobody.
    SavesForAnyGone,
    /// A request that is sent twice is carried out twice, or refused.
    SavesTwice,
    /// Metadata is not kept.
    LosesMetadata,
    /// Only the beginning of a large payload is kept.
    CutsPayloads,
    /// An operator's checkpoint counts as activity.
    CountsOperators,
    /// The owner's checkpoint does not count as activity.
    IgnoresSavers,
    /// Another checkpoint of the same id counts as saved.
    ForgetsCheckpointIds,
    /// A page of checkpoints repeats the last one of the page before.
    RepeatsCheckpoint,
    /// A page of checkpoints does not look at the limit.
    ListsCheckpointsWithoutLimit,
    /// The oldest checkpoint comes first.
    ListsOldestCheckpointFirst,
    /// What cannot be read is not listed.
    HidesDamaged,
    /// A page of changed files begins with the last one of the page before.
    RepeatsFile,
    /// Files that are gone are not listed.
    HidesDeletedFiles,
    /// A file is found in its newest version, whatever was asked for.
    FindsNewestFile,
    /// Lists of checkpoints show versions of files, too.
    ListsFilesAsCheckpoints,
    /// A damaged payload is handed out.
    TrustsPayloads,
    /// A damaged payload counts as never saved.
    ForgetsDamaged,
    /// A former holder removes checkpoints.
    RemovesUnderAnyFence,
    /// Only one of several checkpoints is removed.
    RemovesOne,
    /// Forks lose what their parent removes.
    RemovesFromForks,
    /// A fork shares one position too few.
    ForksOneShort,
    /// A fork that is sent twice is refused.
    ForksTwice,
    /// A fork's own log does not begin with where it comes from.
    ForksSilently,
    /// A refused fork does not say where the parent's log ends.
    ForksBeyond,
    /// A purge takes what forks read along.
    PurgesForks,
    /// What is dropped of a log is dropped of its forks.
    CompactsForks,
    /// A fork's log begins at 1, whatever its parent dropped.
    ForksWhatWasDropped,
    /// An id of an event that a fork shares may be given again.
    ForgetsSharedIds,
    /// A commit leaves out what is to be saved with it.
    CommitsWithoutSaving,
    /// What somebody wants kept is purged.
    PurgesRetained,
    /// It is not known what a session was brought in from.
    ForgetsOrigins,
    /// Events are brought in without their ids.
    BringsWithoutIds,
    /// Checkpoints are not brought in.
    BringsNoCheckpoints,
    /// It is not noticed that a part is missing.
    BringsGaps,
    /// A slot does not count on from what comes.
    AdmitsWithoutCounters,
    /// What is given up goes on.
    NeverGivesUp,
    /// What a turn took still waits for the instance.
    KeepsTakenMessages,
    /// What a turn sends does not arrive.
    LosesSends,
    /// Nobody learns that an instance was taken from a worker that is gone.
    ForgetsRescue,
    /// What was let go is never looked after.
    FreesForEver,
    /// A history is the newest one, whatever was asked for.
    ShowsNewestHistory,
    /// Messages are read in the wrong order.
    ReversesMail,
    /// A live worker loses its name to whoever wants it.
    ReplacesLiveWorkers,
    /// A worker that retires keeps everything.
    KeepsRetiredWorkers,
    /// Whoever claims gets the keys of others.
    TakesHeldKeys,
    /// What runs without a row is not busy.
    ForgetsBusyKeys,
    /// Does not say that something waits for a key that is busy.
    HoldsBackInSilence,
    /// Attempts have no time of their own.
    ForgetsAttemptTimes,
    /// An attempt does not say how many before were lost.
    ForgetsTaskRescues,
    /// A list of tasks does not say who runs them.
    HidesWhoRunsTasks,
    /// What an attempt said is lost with its end.
    ForgetsLastWords,
    /// Whoever gets a key is told that it had it before.
    SaysHeldOfEveryKey,
    /// What never began counts as an attempt.
    CountsEveryHandBack,
    /// What is given back for later is there at once.
    ForgetsDelays,
    /// A worker gets again what it lacks the code for.
    ForgetsMissingCode,
    /// Nobody is late with an end.
    RegrantsAlways,
    /// Whoever was late cannot end what nobody took.
    NeverRegrants,
    /// What an attempt says is not kept.
    LosesDetails,
    /// Everybody is told to hold every key.
    TouchesEverything,
    /// A list of pins does not look at the worker.
    ListsPinsOfAll,
    /// A list of pins begins again with each page.
    RepeatsPins,
    /// A key that is moved is held by nobody.
    MovesToNobody,
    /// The store does not say when hidden tasks are there.
    HidesHiddenTasks,
    /// Workers are told nothing.
    HidesNotices,
    /// Notices are told again and again.
    RepeatsNotices,
    /// A worker is not told that it is to drain.
    HidesDraining,
    /// Whoever is evicted is asked to go.
    DrainsTheEvicted,
    /// Workers make no progress.
    ForgetsProgress,
    /// Every worker serves every queue.
    ServesEveryQueue,
    /// Every worker serves every tenant.
    ServesEveryTenant,
    /// What nobody waits for is there still.
    LosesWithdrawn,
    /// Whoever claims an instance is not told its tasks.
    ForgetsOut,
    /// Tokens never expire.
    NeverExpiresTokens,
    /// A revoked token is not found.
    HidesRevokedTokens,
    /// Tokens of every tenant are listed.
    ListsEveryonesTokens,
    /// There is only one page of tokens.
    EndsTokensEarly,
    /// Whosever token it is, it is revoked.
    RevokesAnyonesTokens,
    /// A rotated token's former secret is over at once.
    EndsSecretsAtOnce,
    /// That a token is used is not written down.
    ForgetsUses,
    /// What is asked under a key is not compared.
    TakesAnyRequest,
    /// Callers share their keys.
    SharesKeys,
    /// A request is carried out again with another seed.
    ResumesAfresh,
    /// What is under way is begun once more.
    BeginsTwice,
    /// Long bodies are cut.
    CutsBodies,
    /// A request is never dropped.
    NeverDrops,
    /// Everything that is old is forgotten at once.
    ForgetsAllAtOnce,
}

impl Flaw {
    /// Those that sequences of verbs seldom or never meet: nobody watches in it, there is one tenant, no key is
    /// an id, the order of what is due depends on how a store notes its looks, nothing is purged that is not there
    /// or damaged, of what was forked little is removed, no session is in a group, and none is an instance.
    pub(crate) const OUT_OF_REACH: [Self; 74] = [
        Self::TakesAnyRequest,
        Self::SharesKeys,
        Self::ResumesAfresh,
        Self::BeginsTwice,
        Self::CutsBodies,
        Self::NeverDrops,
        Self::ForgetsAllAtOnce,
        Self::NeverExpiresTokens,
        Self::HidesRevokedTokens,
        Self::ListsEveryonesTokens,
        Self::EndsTokensEarly,
        Self::RevokesAnyonesTokens,
        Self::EndsSecretsAtOnce,
        Self::ForgetsUses,
        Self::ListsAnyPrincipal,
        Self::ListsFirstPrincipal,
        Self::NeverWakes,
        Self::WakesOnCommitsOnly,
        Self::WakesHereOnly,
        Self::HearsNothing,
        Self::TellsOfNoChange,
        Self::PassesOverHeads,
        Self::ForgetsForkedHeads,
        Self::CountsOneNamespace,
        Self::CountsNoQueues,
        Self::NamesKeysFirst,
        Self::HidesTenants,
        Self::DueLatestFirst,
        Self::PurgesAbsent,
        Self::PurgesInSilence,
        Self::HidesDamaged,
        Self::TrustsPayloads,
        Self::ForgetsDamaged,
        Self::RemovesFromForks,
        Self::ForgetsPlaces,
        Self::CountsTheGone,
        Self::ForgetsTickets,
        Self::KeepsFirstLimit,
        Self::KeepsTakenMessages,
        Self::LosesSends,
        Self::ForgetsRescue,
        Self::FreesForEver,
        Self::ShowsNewestHistory,
        Self::ReversesMail,
        Self::ReplacesLiveWorkers,
        Self::KeepsRetiredWorkers,
        Self::TakesHeldKeys,
        Self::ForgetsBusyKeys,
        Self::HoldsBackInSilence,
        Self::ForgetsAttemptTimes,
        Self::ForgetsTaskRescues,
        Self::HidesWhoRunsTasks,
        Self::ForgetsLastWords,
        Self::SaysHeldOfEveryKey,
        Self::CountsEveryHandBack,
        Self::ForgetsDelays,
        Self::ForgetsMissingCode,
        Self::RegrantsAlways,
        Self::NeverRegrants,
        Self::LosesDetails,
        Self::TouchesEverything,
        Self::ListsPinsOfAll,
        Self::RepeatsPins,
        Self::MovesToNobody,
        Self::HidesHiddenTasks,
        Self::HidesNotices,
        Self::RepeatsNotices,
        Self::HidesDraining,
        Self::DrainsTheEvicted,
        Self::ForgetsProgress,
        Self::ServesEveryQueue,
        Self::ServesEveryTenant,
        Self::LosesWithdrawn,
        Self::ForgetsOut,
    ];

    /// Those of verbs that no sequence plays: nobody retains a session or brings one in.
    pub(crate) const UNPLAYED: [Self; 7] = [
        Self::PurgesRetained,
        Self::ForgetsOrigins,
        Self::BringsWithoutIds,
        Self::BringsNoCheckpoints,
        Self::BringsGaps,
        Self::AdmitsWithoutCounters,
        Self::NeverGivesUp,
    ];
}
