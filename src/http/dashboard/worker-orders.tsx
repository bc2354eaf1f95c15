import { useSignal } from '@preact/signals';
import type { WorkerView } from '../../runtime/worker-view.ts';
import { Dialog } from './dialog.tsx';
import { ask } from './doors.ts';
import { workerWords } from './worker-words.ts';

type Order = 'drain' | 'rest' | 'resume' | 'breaker/close';

/** What an operator may ask of a worker as it is; each is asked back. */
export function WorkerOrders({ worker, onChange }: { worker: WorkerView; onChange: () => void }) {
  const words = workerWords.value;
  const asked = useSignal<Order | null>(null);
  const fault = useSignal<string | null>(null);
  const give = async (order: Order) => {
    asked.value = null;
    fault.value = null;
    try {
      await ask(`/workers/${encodeURIComponent(worker.worker_id)}/${order}`, { method: 'POST' });
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error);
    }
    onChange();
  };
  return (
    <div class="bar worker-orders">
      {ordersFor(worker).map((order) => (
        <button
          key={order}
          type="button"
          aria-label={words.order(words.orders[order], worker.worker_id)}
          onClick={() => {
            asked.value = order;
          }}
        >
          {words.orders[order]}
        </button>
      ))}
      {fault.value !== null && (
        <p class="fault" role="alert">
          {words.refused(fault.value)}
        </p>
      )}
      {asked.value !== null && (
        <ConfirmDialog
          question={words.asks[asked.value](worker.worker_id)}
          yes={words.orders[asked.value]}
          no={words.cancel}
          onYes={() => void give(asked.value as Order)}
          onNo={() => {
            asked.value = null;
          }}
        />
      )}
    </div>
  );
}

function ordersFor({ admission, breaker }: WorkerView): readonly Order[] {
  const orders: Order[] = admission === 'active' ? ['drain', 'rest'] : ['resume'];
  if (admission === 'standby') orders.push('drain');
  if (breaker !== null && breaker !== 'closed') orders.push('breaker/close');
  return orders;
}

interface ConfirmDialogProps {
  readonly question: string;
  readonly yes: string;
  readonly no: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

/** Asks before something is done. The browser keeps the focus in it, and Escape leaves it. */
function ConfirmDialog({ question, yes, no, onYes, onNo }: ConfirmDialogProps) {
  return (
    <Dialog title={question} onClose={onNo}>
      <div class="bar">
        <button type="button" onClick={onNo}>
          {no}
        </button>
        <button type="button" class="primary" onClick={onYes}>
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
