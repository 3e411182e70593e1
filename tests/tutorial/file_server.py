import socket
sk = socket.socket()
sk.bind(('127.0.0.1', 9000))
sk.listen()
conn, addr = sk.accept()
filename = conn.recv(1024)                      # 接收文件名
with open(filename, 'wb') as f:
    content = conn.recv(40960)                  # 接收文件信息
    f.write(content)                            # 把信息写入文件
    f.close()
conn.close()
sk.close()
