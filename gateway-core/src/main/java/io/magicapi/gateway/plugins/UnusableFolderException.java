package io.magicapi.gateway.plugins;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says that a folder the gateway needs cannot be made, or not be written, and what the operator can do about it. */
public final class UnusableFolderException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private static final String CODE = "GW-S04";

    private UnusableFolderException(String message, IOException cause) {
        super(message, cause);
    }

    /** About the drop folder. */
    static UnusableFolderException plugins(Path folder, IOException cause) {
        return of("plugins folder", folder, "--plugins", cause);
    }

    /** About the folder for private copies. */
    static UnusableFolderException data(Path folder, IOException cause) {
        return of("data folder", folder, "--data", cause);
    }

    private static UnusableFolderException of(String what, Path folder, String flag, IOException cause) {
        Path absolute = folder.toAbsolutePath();
        String fails = Files.isDirectory(folder) ? " cannot be written: " : " cannot be made: ";
        return new UnusableFolderException(
                CODE + " the " + what + " " + absolute + fails + reason(absolute, cause)
                        + ". Let this user write there, or name another folder: " + flag + " DIR",
                cause);
    }

    /** The messages of these exceptions are bare file names. */
    private static String reason(Path folder, IOException cause) {
        for (Path part = folder; part != null; part = part.getParent()) {
            if (Files.exists(part) && !Files.isDirectory(part)) {
                return part + " is a file, not a folder";
            }
        }
        if (cause instanceof AccessDeniedException denied) {
            return "permission denied on " + denied.getFile();
        }
        if (cause instanceof FileAlreadyExistsException there) {
            return there.getFile() + " is no folder";
        }
        if (cause instanceof FileSystemException told && told.getReason() != null) {
            return told.getReason() + " (" + told.getFile() + ")";
        }
        return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }
}
