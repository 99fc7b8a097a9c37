;; The lines that conmon writes as a rule, of a chunk that stands at `input` (usual-lines.ts): takes their heads off and puts what the
;; task wrote to each stream at `stdout` and `stderr`. Sixteen bytes are looked at, and copied, at a time: up to fifteen behind the end
;; are read, and as many behind what is put out are overwritten.
(module
  ;; Page 0: lengths put out and the input; the others begin at fixed places.
  (memory (export "memory") 4)
  (global $input i32 (i32.const 64))
  (global $stdout i32 (i32.const 65728))
  (global $stderr i32 (i32.const 131392))
  ;; Goes through the lines from `$at` to `$end`, both counted from `input`, up to the first that is not whole or has another head.
  ;; Returns where that begins. Leaves at 0 how many bytes it put out to stdout, and at 4 those to stderr.
  (func (export "run") (param $at i32) (param $end i32) (result i32)
    (local $from i32) (local $to i32) (local $out i32) (local $err i32) (local $isOut i32) (local $tag i32) (local $hits i32) (local $bytes v128)
    (local $newlines v128)
    (local.set $newlines (i8x16.splat (i32.const 10)))
    (local.set $at (i32.add (local.get $at) (global.get $input)))
    (local.set $end (i32.add (local.get $end) (global.get $input)))
    (local.set $out (global.get $stdout))
    (local.set $err (global.get $stderr))
    (block $done
      (loop $line
        (local.set $from (i32.add (local.get $at) (i32.const 45)))
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        ;; 2026-11-23T00:17:17.367408017+00:00: the separators, and no newline anywhere in the head.
        (br_if $done (i32.ne (i32.load8_u offset=4 (local.get $at)) (i32.const 0x2d)))
        (br_if $done (i32.ne (i32.load8_u offset=7 (local.get $at)) (i32.const 0x2d)))
        (br_if $done (i32.ne (i32.load8_u offset=10 (local.get $at)) (i32.const 0x54)))
        (br_if $done (i32.ne (i32.load8_u offset=13 (local.get $at)) (i32.const 0x3a)))
        (br_if $done (i32.ne (i32.load8_u offset=19 (local.get $at)) (i32.const 0x2e)))
        (br_if $done (i32.ne (i32.load8_u offset=32 (local.get $at)) (i32.const 0x3a)))
        (local.set $tag (i32.load8_u offset=29 (local.get $at)))
        (br_if $done (i32.and (i32.ne (local.get $tag) (i32.const 0x2b)) (i32.ne (local.get $tag) (i32.const 0x2d))))
        (br_if $done (v128.any_true (v128.or
          (i8x16.eq (v128.load (local.get $at)) (local.get $newlines))
          (v128.or
            (i8x16.eq (v128.load offset=16 (local.get $at)) (local.get $newlines))
            (i8x16.eq (v128.load offset=29 (local.get $at)) (local.get $newlines))))))
        ;; " stdout " or " stderr ", then "F " or "P ".
        (local.set $isOut (i64.eq (i64.load offset=35 (local.get $at)) (i64.const 0x2074756f64747320)))
        (br_if $done (i32.and
          (i32.eqz (local.get $isOut))
          (i64.ne (i64.load offset=35 (local.get $at)) (i64.const 0x2072726564747320))))
        (local.set $tag (i32.load16_u offset=43 (local.get $at)))
        (br_if $done (i32.and (i32.ne (local.get $tag) (i32.const 0x2046)) (i32.ne (local.get $tag) (i32.const 0x2050))))
        (local.set $to (select (local.get $out) (local.get $err) (local.get $isOut)))
        (loop $copy
          (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
          (v128.store (local.get $to) (local.tee $bytes (v128.load (local.get $from))))
          (local.set $hits (i8x16.bitmask (i8x16.eq (local.get $bytes) (local.get $newlines))))
          (if (i32.eqz (local.get $hits)) (then
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br $copy))))
        (local.set $hits (i32.add (i32.ctz (local.get $hits)) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (local.get $hits)))
        (br_if $done (i32.gt_u (local.get $from) (local.get $end)))
        (local.set $at (local.get $from))
        ;; A newline that the task did not write is the last byte of what was copied.
        (local.set $to (i32.sub (i32.add (local.get $to) (local.get $hits)) (i32.eq (local.get $tag) (i32.const 0x2050))))
        (if (local.get $isOut) (then (local.set $out (local.get $to))) (else (local.set $err (local.get $to))))
        (br $line)))
    (i32.store (i32.const 0) (i32.sub (local.get $out) (global.get $stdout)))
    (i32.store (i32.const 4) (i32.sub (local.get $err) (global.get $stderr)))
    (i32.sub (local.get $at) (global.get $input))))
