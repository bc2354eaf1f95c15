/** What is known of a worker's life: not yet anything, that it answers, that it missed a beat, that it is gone. */
export type Liveness = 'probing' | 'alive' | 'suspect' | 'lost';

/** Whether it is given work: yes, only when no active one has room, or no more. */
export type Admission = 'active' | 'standby' | 'draining';
