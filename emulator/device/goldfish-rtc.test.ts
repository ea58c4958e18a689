import { beforeEach, expect, test } from "vitest";
import { GoldfishRtc } from "./goldfish-rtc.ts";

const [timeLow, timeHigh, alarmLow, alarmHigh] = [0x00, 0x04, 0x08, 0x0c];
const [interruptEnabled, clearAlarm, alarmStatus, clearInterrupt] = [0x10, 0x14, 0x18, 0x1c];

let now: bigint;
let levels: boolean[];
let rtc: GoldfishRtc;
const read = (offset: number) => rtc.read(offset, 4);
const write = (offset: number, value: number) => rtc.write(offset, 4, value);

beforeEach(() => {
  now = 0x1_ffff_ffffn;
  levels = [];
  rtc = new GoldfishRtc(
    () => now,
    (level) => levels.push(level),
  );
});

function setAlarm(time: bigint): void {
  write(alarmHigh, Number(time >> 32n));
  write(alarmLow, Number(time & 0xffff_ffffn));
}

test("reading the low half latches the high half", () => {
  expect(read(timeLow)).toBe(0xffff_ffff);
  now += 1n;
  expect(read(timeHigh)).toBe(1);
  expect(read(timeLow)).toBe(0);
  expect(read(timeHigh)).toBe(2);
});

test("a time that is set runs on", () => {
  write(timeHigh, 0x18);
  write(timeLow, 0xdead_0000);
  now += 0x10n;
  expect(read(timeLow)).toBe(0xdead_0010);
  expect(read(timeHigh)).toBe(0x18);
  write(timeLow, 0);
  write(timeHigh, 0);
  expect(read(timeLow)).toBe(0);
  expect(read(timeHigh)).toBe(0);
});

test("an alarm interrupts when its time comes, until it is cleared", () => {
  write(interruptEnabled, 1);
  setAlarm(0x2_0000_0010n);
  expect([read(alarmStatus), read(alarmHigh), read(alarmLow)]).toEqual([1, 2, 0x10]);
  expect(rtc.nextAlarm()).toBe(0x2_0000_0010n);
  now = 0x2_0000_000fn;
  rtc.poll();
  expect(levels).toEqual([]);
  now = 0x2_0000_0010n;
  rtc.poll();
  rtc.poll();
  expect(levels).toEqual([true]);
  expect(read(alarmStatus)).toBe(0);
  expect(rtc.nextAlarm()).toBeUndefined();
  write(clearInterrupt, 1);
  expect(levels).toEqual([true, false]);
});

test("an alarm in the past interrupts at once", () => {
  write(interruptEnabled, 1);
  setAlarm(1n);
  expect(levels).toEqual([true]);
});

test("a cleared alarm does not come", () => {
  write(interruptEnabled, 1);
  setAlarm(now + 1n);
  write(clearAlarm, 1);
  now += 2n;
  rtc.poll();
  expect(levels).toEqual([]);
  expect(rtc.nextAlarm()).toBeUndefined();
});

test("an alarm waits for its interrupt to be enabled", () => {
  setAlarm(1n);
  expect(levels).toEqual([]);
  expect(read(interruptEnabled)).toBe(0);
  write(interruptEnabled, 3);
  expect(read(interruptEnabled)).toBe(1);
  write(interruptEnabled, 0);
  expect(levels).toEqual([true, false]);
});

test("alarms follow the guest's clock, not the board's", () => {
  write(interruptEnabled, 1);
  write(timeHigh, 0x10);
  write(timeLow, 0);
  setAlarm(0x10_0000_0064n);
  expect(rtc.nextAlarm()).toBe(now + 100n);
  write(timeLow, 0x64);
  expect(levels).toEqual([true]);
});

test("an alarm that is due fires, also after the guest's clock wrapped", () => {
  write(interruptEnabled, 1);
  write(timeHigh, 0xffff_ffff);
  write(timeLow, 0xffff_fff0);
  setAlarm(0xffff_ffff_ffff_fff8n);
  now = (rtc.nextAlarm() ?? 0n) + 100n;
  rtc.poll();
  expect(levels).toEqual([true]);
  expect(read(timeHigh)).toBe(0);
  expect(read(timeLow)).toBe(92);
});

test("narrow accesses and other offsets read zero and are ignored", () => {
  expect(rtc.read(timeLow, 1)).toBe(0);
  rtc.write(interruptEnabled, 1, 1);
  expect(read(interruptEnabled)).toBe(0);
  for (const offset of [clearAlarm, clearInterrupt, 0x20, 0xffc]) {
    write(offset, 0xffff_ffff);
    expect(read(offset)).toBe(0);
  }
});
