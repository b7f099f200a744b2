import type { Organization } from '../jaccount/wire';

// The client does not check these members, so each is optional. Numbers and ids stay as jAccount sends them: an id is a
// string, and may begin with zero.

/** A post that a user holds. @see developer.sjtu.edu.cn/api/enterprise.html */
export interface Position {
  post?: {
    /** Such as `BuiltInStudent`. */
    postCode?: string;
    postName?: string;
    bizTypes?: unknown;
    formal?: boolean;
    [member: string]: unknown;
  };
  dept?: Department;
  [member: string]: unknown;
}

/** A department, as the enterprise operations describe it. Its code has five digits and may begin with zero. */
export interface Department {
  organizeId?: string;
  organizeName?: string;
  parentOrganizeId?: string;
  independent?: boolean;
  [member: string]: unknown;
}

/** A teaching class. @see developer.sjtu.edu.cn/api/education.html */
export interface Lesson {
  name?: string;
  kind?: string;
  bsid?: string;
  code?: string;
  course?: { code?: string; name?: string; kind?: string; [member: string]: unknown };
  teachers?: { name?: string; kind?: string; [member: string]: unknown }[];
  organize?: Partial<Organization>;
  /** Hours of teaching in the whole term. */
  hours?: number;
  /** May have a fraction. */
  credits?: number;
  /** When and where; absent where it was not asked for. */
  classes?: LessonClass[];
  [member: string]: unknown;
}

/** One of the times at which a teaching class meets. */
export interface LessonClass {
  schedule?: {
    kind?: string;
    week?: number;
    day?: number;
    period?: number;
    /** jAccount's documentation does not say which. */
    start?: number | string;
    finish?: number | string;
    [member: string]: unknown;
  };
  classroom?: { name?: string; kind?: string; [member: string]: unknown };
  [member: string]: unknown;
}

/** A campus card. @see developer.sjtu.edu.cn/api/card.html */
export interface Card {
  cardNo?: string;
  cardId?: string;
  /** Yuan. A double: round before you add up. */
  cardBalance?: number;
  lost?: boolean;
  frozen?: boolean;
  [member: string]: unknown;
}

/** What was paid with a campus card, or to it. */
export interface CardTransaction {
  /** Milliseconds since the epoch. */
  dateTime?: number;
  /** Milliseconds since the epoch; spelt as jAccount spells it. */
  dateTimAccount?: number;
  system?: string;
  merchant?: string;
  description?: string;
  /** Yuan, negative for what was spent. A double: round before you add up. */
  amount?: number;
  /** Yuan, after it. */
  cardBalance?: number;
  [member: string]: unknown;
}

/** Which transactions of a card. */
export interface TransactionRange {
  /** The first moment; a number counts milliseconds since the epoch. */
  from?: Date | number;
  /** The last moment; a number counts milliseconds since the epoch. */
  to?: Date | number;
  /** Of one of the user's cards. */
  cardNo?: string;
}
