package io.magicapi.gateway.routing;

import io.magicapi.gateway.buffer.EightBytes;

/** Tells whether bytes are valid UTF-8 (RFC 3629): no overlong form, no surrogate, nothing beyond U+10FFFF. */
final class Utf8 {

    private Utf8() {}

    /** {@return the index of the first byte of {@code array}, from start to end, that is not valid; -1 if all are} */
    static int firstFault(byte[] array, int start, int end) {
        int i = start;
        while (i < end) {
            // Nearly all of a request is ASCII: eight bytes at a time.
            if (i + Long.BYTES <= end && EightBytes.beyondAscii(EightBytes.at(array, i)) == 0) {
                i += Long.BYTES;
                continue;
            }
            if (array[i] >= 0) {
                i++;
                continue;
            }
            int length = sequenceLength(array, i, end);
            if (length == 0) {
                return i;
            }
            i += length;
        }
        return -1;
    }

    /** {@return the length of the sequence of two to four bytes at {@code i}; 0 if it is not valid} */
    static int sequenceLength(byte[] array, int i, int end) {
        int first = array[i] & 0xff;
        int length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
        if (length == 0 || i + length > end) {
            return 0;
        }
        int second = array[i + 1] & 0xff;
        int lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        int highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        if (second < lowest || second > highest) {
            return 0;
        }
        for (int k = 2; k < length; k++) {
            if ((array[i + k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return length;
    }
}
