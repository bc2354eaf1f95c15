/** What is known of a worker's life: not yet anything, that it answers, that it missed a beat, that it is gone. */
export type Liveness = 'probing' | 'alive' | 'suspect' | 'lost';

/**
 * Whether it is given work: yes; not until the load asks for it; no more, and soon idle; no more, and idle; not before
 * somebody has looked at it, since its actor crashed again and again.
 */
export type Admission = 'active' | 'standby' | 'draining' | 'drained' | 'quarantined';

/** What an operator, or the load, may ask of a worker. */
export type AdmissionOrder = 'activate' | 'rest' | 'drain' | 'resume';

/** Whether the endpoint of a worker is called: yes, not for now, one attempt to find out, that attempt is under way. */
export type Breaker = 'closed' | 'open' | 'halfOpen' | 'trying';
