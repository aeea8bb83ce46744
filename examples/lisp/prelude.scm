; What the language has besides its primitives, written the naive way: one
; call for each element, and none of them a tail call.

(define (cadr l) (car (cdr l)))
(define (cddr l) (cdr (cdr l)))
(define (caddr l) (car (cddr l)))

(define (length l)
  (if (null? l) 0 (+ 1 (length (cdr l)))))

(define (append a b)
  (if (null? a) b (cons (car a) (append (cdr a) b))))

(define (map f l)
  (if (null? l) '() (cons (f (car l)) (map f (cdr l)))))

(define (filter keep? l)
  (cond ((null? l) '())
        ((keep? (car l)) (cons (car l) (filter keep? (cdr l))))
        (else (filter keep? (cdr l)))))

(define (fold-right f start l)
  (if (null? l) start (f (car l) (fold-right f start (cdr l)))))

; These two are loops, tail calls all the way.

(define (fold-left f so-far l)
  (if (null? l) so-far (fold-left f (f so-far (car l)) (cdr l))))

(define (reverse l)
  (fold-left (lambda (reversed x) (cons x reversed)) '() l))
