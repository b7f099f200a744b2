import type { Account } from './accounts';

/** Who is who. Accounts are found in any case, as jAccount finds them. */
export class Directory {
  private readonly accounts = new Map<string, Account>();
  private readonly logins = new Map<string, number>();

  constructor(accounts: readonly Account[]) {
    for (const account of accounts) this.accounts.set(accountKey(account.account), account);
  }

  get all(): readonly Account[] {
    return [...this.accounts.values()];
  }

  /** The account as it is now: someone who changes the default identity has another one after each login. */
  find(name: string): Account | undefined {
    const account = this.accounts.get(accountKey(name));
    if (!account?.changesIdentity) return account;
    return withDefaultIdentity(account, (this.logins.get(accountKey(name)) ?? 1) - 1);
  }

  /** Another login of theirs begins. */
  signIn(name: string): void {
    this.logins.set(accountKey(name), (this.logins.get(accountKey(name)) ?? 0) + 1);
  }

  clear(): void {
    this.logins.clear();
  }
}

/** One key for an account in any case. ASCII only: the Kelvin sign is no k. */
export function accountKey(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function withDefaultIdentity(account: Account, index: number): Account {
  const all = (account.identities ?? []) as { code?: string; userType?: string; organize?: unknown }[];
  const chosen = all[index % all.length];
  if (!chosen) return account;
  const { code, userType, organize } = chosen;
  return {
    ...account,
    ...(code !== undefined && { code }),
    ...(userType !== undefined && { userType }),
    ...(organize !== undefined && { organize, topOrganize: organize }),
    identities: all.map((identity) => ({ ...identity, isDefault: identity === chosen })),
  };
}
