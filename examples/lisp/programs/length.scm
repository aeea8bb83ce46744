; The length of a list of five million elements, by the definition in every
; textbook: five million calls deep.

(define (length l)
  (if (null? l)
      0
      (+ 1 (length (cdr l)))))

(display (length (iota 5000000)))
(newline)
